package glue

const (
	// ShellCapacity is what a Python shell job has by default.
	ShellCapacity  = 0.0625
	sparkCapacity  = 10
	defaultWorkers = 10
)

// dpus are the data processing units of a worker.
var dpus = map[WorkerType]float64{
	WorkerTypeStandard: 1, WorkerTypeG025X: 0.25,
	WorkerTypeG1X: 1, WorkerTypeG2X: 2, WorkerTypeG4X: 4, WorkerTypeG8X: 8,
	WorkerTypeG12X: 12, WorkerTypeG16X: 16,
	WorkerTypeR1X: 1, WorkerTypeR2X: 2, WorkerTypeR4X: 4, WorkerTypeR8X: 8,
	WorkerTypeZ2X: 2,
}

// CompleteCapacity works out the members that follow from those that are set.
func (j *Job) CompleteCapacity() {
	units, known := dpus[j.WorkerType]
	switch {
	case j.Command == nil:
		return
	case known && j.NumberOfWorkers != nil:
		setCapacity(j, units*float64(*j.NumberOfWorkers))
	case j.MaxCapacity != nil:
		setCapacity(j, *j.MaxCapacity)
	case j.CommandName() == CommandShell && (j.AllocatedCapacity == nil || *j.AllocatedCapacity == 0):
		setCapacity(j, ShellCapacity)
	case j.AllocatedCapacity != nil:
		setCapacity(j, float64(*j.AllocatedCapacity))
	case j.GlueMajor() < 2:
		setCapacity(j, sparkCapacity)
	default:
		workers := int32(defaultWorkers)
		j.WorkerType, j.NumberOfWorkers = WorkerTypeG1X, &workers
		setCapacity(j, defaultWorkers*dpus[j.WorkerType])
	}
}

func setCapacity(j *Job, units float64) {
	whole := int32(units)
	j.MaxCapacity, j.AllocatedCapacity = &units, &whole
}

// Overridden is a copy of a job with the capacity and class that a request sets.
func (j *Job) Overridden(r *StartJobRunRequest) *Job {
	c := *j
	if r.ExecutionClass != "" {
		c.ExecutionClass = r.ExecutionClass
	}
	switch {
	case r.MaxCapacity != nil || r.AllocatedCapacity != nil:
		c.MaxCapacity, c.AllocatedCapacity = r.MaxCapacity, r.AllocatedCapacity
		c.WorkerType, c.NumberOfWorkers = r.WorkerType, r.NumberOfWorkers
	case r.WorkerType != "" || r.NumberOfWorkers != nil:
		c.MaxCapacity, c.AllocatedCapacity = nil, nil
		if r.WorkerType != "" {
			c.WorkerType = r.WorkerType
		}
		if r.NumberOfWorkers != nil {
			c.NumberOfWorkers = r.NumberOfWorkers
		}
	case j.WorkerType != "":
		// What follows from the workers was worked out before.
		c.MaxCapacity, c.AllocatedCapacity = nil, nil
	case j.MaxCapacity != nil:
		c.AllocatedCapacity = nil
	}
	return &c
}
