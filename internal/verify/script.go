package verify

import _ "embed"

// Script is the Python script of the checks' jobs.
//
//go:embed job.py
var Script string

// ScriptName is the name of the script's file.
const ScriptName = "reglue-verify-job.py"
