package catalog

import "github.com/reglue/reglue/internal/glue"

// OpRenameTable is an operation beside AWS's: a table gets another name, and keeps its
// versions and partitions. AWS's UpdateTable can't.
const OpRenameTable = "RenameTable"

// RenameTableRequest is the request of OpRenameTable.
type RenameTableRequest struct {
	DatabaseName string `json:"DatabaseName"`
	Name         string `json:"Name"`
	// TableInput is the whole definition, with the new name.
	TableInput *glue.TableInput `json:"TableInput"`
	// From and To, if set, say that a folder was moved: the locations of partitions
	// in it change.
	From string `json:"From,omitempty"`
	To   string `json:"To,omitempty"`
}

// RenameTableResponse is the response of OpRenameTable.
type RenameTableResponse struct{}
