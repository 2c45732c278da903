package store

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// networkTypes are the file systems on which locks, shared memory or fsync can't
// be trusted across machines, by statfs type.
var networkTypes = map[uint32]string{
	unix.NFS_SUPER_MAGIC:  "NFS",
	unix.SMB_SUPER_MAGIC:  "SMB",
	unix.SMB2_SUPER_MAGIC: "SMB",
	unix.CIFS_SUPER_MAGIC: "CIFS",
	unix.AFS_SUPER_MAGIC:  "AFS",
	unix.CODA_SUPER_MAGIC: "Coda",
	unix.CEPH_SUPER_MAGIC: "Ceph",
	0x0bd00bd0:            "Lustre",
	0x47504653:            "GPFS",
	0x564c:                "NCP",
}

// networkFuse are FUSE file systems that reach another machine, by the type in
// the mount table. Other FUSE mounts are local and fine.
var networkFuse = []string{
	"sshfs", "s3fs", "gcsfuse", "goofys", "mount-s3", "mountpoint-s3", "rclone", "davfs", "glusterfs", "ceph-fuse",
	"blobfuse", "blobfuse2", "juicefs", "smbnetfs", "curlftpfs", "nfs",
}

// checkFilesystem refuses a folder on a network file system.
func checkFilesystem(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err
	}
	kind := networkTypes[uint32(st.Type)]
	if uint32(st.Type) == unix.FUSE_SUPER_MAGIC {
		kind = fuseKind(dir)
	}
	return refuseNetwork(dir, kind)
}

// fuseKind names the network file system of a FUSE mount, empty for a local one
// or one that the mount table doesn't tell.
func fuseKind(dir string) string {
	path, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	return fuseNetwork(mountType(string(table), path))
}

func fuseNetwork(fsType string) string {
	for _, name := range networkFuse {
		if fsType == "fuse."+name {
			return name
		}
	}
	return ""
}

// mountType finds the type of the mount that holds the path: the last one of
// those with the longest mount point.
func mountType(table, path string) string {
	best, kind := -1, ""
	for line := range strings.Lines(table) {
		left, right, ok := strings.Cut(line, " - ")
		fields, types := strings.Fields(left), strings.Fields(right)
		if !ok || len(fields) < 5 || len(types) == 0 {
			continue
		}
		point := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(fields[4])
		inside := path == point || point == "/" || strings.HasPrefix(path, point+"/")
		if inside && len(point) >= best {
			best, kind = len(point), types[0]
		}
	}
	return kind
}
