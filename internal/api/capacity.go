package api

import "github.com/reglue/reglue/internal/glue"

// The bounds of capacity.
const (
	minSparkDPU = 2
	maxSparkDPU = 100
)

func checkCapacity(j *glue.Job) error {
	workers := j.WorkerType != "" || j.NumberOfWorkers != nil
	switch {
	case j.AllocatedCapacity != nil && j.MaxCapacity != nil:
		return invalid("Please set only Allocated Capacity or Max Capacity")
	case workers && j.MaxCapacity != nil:
		return invalid("Please do not set Max Capacity if using Worker Type and Number of Workers.")
	case workers && j.AllocatedCapacity != nil:
		return invalid("Please do not set Allocated Capacity if using Worker Type and Number of Workers.")
	case j.CommandName() == glue.CommandShell:
		return checkShellCapacity(j, workers)
	case workers:
		return checkWorkers(j)
	}
	return checkSparkCapacity(j)
}

func checkShellCapacity(j *glue.Job, workers bool) error {
	switch {
	case workers:
		return invalid("Worker Type is not supported for Job Command pythonshell and Python Version 3")
	case j.MaxCapacity != nil && *j.MaxCapacity != glue.ShellCapacity && *j.MaxCapacity != 1:
		return invalid("MaxCapacity of a pythonshell job must be 0.0625 or 1, got %v", *j.MaxCapacity)
	case j.AllocatedCapacity != nil && *j.AllocatedCapacity != 0 && *j.AllocatedCapacity != 1:
		return invalid("AllocatedCapacity of a pythonshell job must be 0 or 1, got %d; set MaxCapacity to 0.0625 or 1", *j.AllocatedCapacity)
	}
	return nil
}

func checkWorkers(j *glue.Job) error {
	if j.WorkerType == "" || j.NumberOfWorkers == nil {
		return invalid("Worker Type and Number of Workers must be set together")
	}
	least := int32(2)
	if j.WorkerType == glue.WorkerTypeZ2X {
		if j.CommandName() != glue.CommandRay {
			return invalid("Worker Type Z.2X is only supported for glueray jobs")
		}
		least = 1
	}
	if *j.NumberOfWorkers < least {
		return invalid("To use Worker Type %s, minimum allowed value of Number of Workers is %d.", j.WorkerType, least)
	}
	return nil
}

func checkSparkCapacity(j *glue.Job) error {
	if j.MaxCapacity != nil {
		if j.GlueMajor() >= 2 {
			return invalid("MaxCapacity is not supported for Glue version 2.0 and above; set Worker Type and Number of Workers")
		}
		return checkDPUs("MaxCapacity", *j.MaxCapacity)
	}
	if j.AllocatedCapacity != nil {
		return checkDPUs("AllocatedCapacity", float64(*j.AllocatedCapacity))
	}
	return nil
}

func checkDPUs(member string, n float64) error {
	if n < minSparkDPU || n > maxSparkDPU {
		return invalid("%s must be from %d to %d, got %v", member, minSparkDPU, maxSparkDPU, n)
	}
	return nil
}
