package store

func refuseNetwork(dir, kind string) error {
	if kind == "" {
		return nil
	}
	return hinted(nil, "choose a folder on a local disk with --data",
		"%s is on a network file system (%s), where locks and fsync can't be trusted", dir, kind)
}
