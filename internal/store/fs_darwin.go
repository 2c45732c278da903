package store

import "golang.org/x/sys/unix"

// checkFilesystem refuses a folder on a file system that isn't local.
func checkFilesystem(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err
	}
	if st.Flags&unix.MNT_LOCAL != 0 {
		return refuseNetwork(dir, "")
	}
	return refuseNetwork(dir, unix.ByteSliceToString(st.Fstypename[:]))
}
