package store

import (
	"strings"
	"testing"
)

const mountTable = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /home/me/remote rw,nosuid shared:9 - fuse.sshfs me@host:/srv rw,user_id=1000
31 22 0:27 / /home/me/my\040disk rw shared:10 - fuseblk /dev/sdb1 rw
32 22 0:28 / /mnt rw shared:11 - fuse.rclone r2: rw
33 32 0:29 / /mnt rw shared:12 - xfs /dev/sdc1 rw
34 22 0:30 / /home/me/app rw shared:13 master:4 - fuse.bindfs /x rw
`

func TestMountType(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/":                      "ext4",
		"/home/me/remotely":      "ext4",
		"/home/me/remote":        "fuse.sshfs",
		"/home/me/remote/a/b":    "fuse.sshfs",
		"/home/me/my disk/data":  "fuseblk",
		"/mnt/data":              "xfs", // mounted over the other
		"/home/me/app/data":      "fuse.bindfs",
		"/somewhere/else/at/all": "ext4",
	} {
		if got := mountType(mountTable, path); got != want {
			t.Errorf("%s is on %q, want %q", path, got, want)
		}
	}
}

func TestNetworkFileSystems(t *testing.T) {
	t.Parallel()
	for fsType, want := range map[string]string{"fuse.sshfs": "sshfs", "fuse.bindfs": "", "fuseblk": "", "fuse": "", "": ""} {
		if got := fuseNetwork(fsType); got != want {
			t.Errorf("%s is %q, want %q", fsType, got, want)
		}
	}
	wantHint(t, refuseNetwork("/data", "NFS"), "/data", "NFS", "local disk")
	if err := refuseNetwork("/data", ""); err != nil {
		t.Errorf("a local folder: %v", err)
	}
	if err := checkFilesystem(t.TempDir()); err != nil {
		t.Errorf("the folder of this test: %v", err)
	}
	if err := checkFilesystem("/does/not/exist"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing folder: %v", err)
	}
}
