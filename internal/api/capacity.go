package api

import "github.com/reglue/reglue/internal/glue"

// Capacity is stored and shown, it does not limit what a job may use here.
const (
	shellCapacity  = 0.0625
	sparkCapacity  = 10
	minSparkDPU    = 2
	maxSparkDPU    = 100
	defaultWorkers = 10
)

// dpus are the data processing units of a worker.
var dpus = map[glue.WorkerType]float64{
	glue.WorkerTypeStandard: 1, glue.WorkerTypeG025X: 0.25,
	glue.WorkerTypeG1X: 1, glue.WorkerTypeG2X: 2, glue.WorkerTypeG4X: 4, glue.WorkerTypeG8X: 8,
	glue.WorkerTypeG12X: 12, glue.WorkerTypeG16X: 16,
	glue.WorkerTypeR1X: 1, glue.WorkerTypeR2X: 2, glue.WorkerTypeR4X: 4, glue.WorkerTypeR8X: 8,
	glue.WorkerTypeZ2X: 2,
}

func checkCapacity(j *glue.Job) error {
	workers := j.WorkerType != "" || j.NumberOfWorkers != nil
	switch {
	case j.AllocatedCapacity != nil && j.MaxCapacity != nil:
		return invalid("Please set only Allocated Capacity or Max Capacity")
	case workers && j.MaxCapacity != nil:
		return invalid("Please do not set Max Capacity if using Worker Type and Number of Workers.")
	case workers && j.AllocatedCapacity != nil:
		return invalid("Please do not set Allocated Capacity if using Worker Type and Number of Workers.")
	case commandOf(j) == shellCommand:
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
	case j.MaxCapacity != nil && *j.MaxCapacity != shellCapacity && *j.MaxCapacity != 1:
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
		if commandOf(j) != rayCommand {
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
		if glueMajor(j) >= 2 {
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

// completeCapacity works out the members that follow from those that are set.
func completeCapacity(j *glue.Job) {
	units, known := dpus[j.WorkerType]
	switch {
	case j.Command == nil:
		return
	case known && j.NumberOfWorkers != nil:
		setCapacity(j, units*float64(*j.NumberOfWorkers))
	case j.MaxCapacity != nil:
		setCapacity(j, *j.MaxCapacity)
	case commandOf(j) == shellCommand && (j.AllocatedCapacity == nil || *j.AllocatedCapacity == 0):
		setCapacity(j, shellCapacity)
	case j.AllocatedCapacity != nil:
		setCapacity(j, float64(*j.AllocatedCapacity))
	case glueMajor(j) < 2:
		setCapacity(j, sparkCapacity)
	default:
		workers := int32(defaultWorkers)
		j.WorkerType, j.NumberOfWorkers = glue.WorkerTypeG1X, &workers
		setCapacity(j, defaultWorkers*dpus[j.WorkerType])
	}
}

func setCapacity(j *glue.Job, units float64) {
	whole := int32(units)
	j.MaxCapacity, j.AllocatedCapacity = &units, &whole
}

// overridden is a copy of a job with the capacity and class that a request sets.
func overridden(job *glue.Job, r *glue.StartJobRunRequest) *glue.Job {
	j := *job
	if r.ExecutionClass != "" {
		j.ExecutionClass = r.ExecutionClass
	}
	switch {
	case r.MaxCapacity != nil || r.AllocatedCapacity != nil:
		j.MaxCapacity, j.AllocatedCapacity = r.MaxCapacity, r.AllocatedCapacity
		j.WorkerType, j.NumberOfWorkers = r.WorkerType, r.NumberOfWorkers
	case r.WorkerType != "" || r.NumberOfWorkers != nil:
		j.MaxCapacity, j.AllocatedCapacity = nil, nil
		if r.WorkerType != "" {
			j.WorkerType = r.WorkerType
		}
		if r.NumberOfWorkers != nil {
			j.NumberOfWorkers = r.NumberOfWorkers
		}
	case job.WorkerType != "":
		// What follows from the workers was worked out before.
		j.MaxCapacity, j.AllocatedCapacity = nil, nil
	case job.MaxCapacity != nil:
		j.AllocatedCapacity = nil
	}
	return &j
}
