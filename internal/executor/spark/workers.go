package spark

// worker is the size of an executor on a worker of that type, by the Glue developer
// guide: vCPUs and GB of memory of the worker. Glue leaves part of the memory to
// Python and the system.
type worker struct {
	cores, memoryGB int
}

var workers = map[string]worker{
	"Standard": {4, 16},
	"G.025X":   {2, 4},
	"G.1X":     {4, 16}, "G.2X": {8, 32}, "G.4X": {16, 64}, "G.8X": {32, 128}, "G.12X": {48, 192}, "G.16X": {64, 256},
	"R.1X": {4, 32}, "R.2X": {8, 64}, "R.4X": {16, 128}, "R.8X": {32, 256},
}

const (
	heapOf10    = 6 // tenths of a worker's memory that are heap
	defaultType = "G.1X"
	mb          = 1 << 20
	minHeapMB   = 1024
)

// Size is what a job has.
type Size struct {
	// Executors beside the driver, and the cores and the heap in MB of each; the
	// driver has as much.
	Executors, Cores, HeapMB int
}

// Demand is a job's capacity as its definition names it.
type Demand struct {
	WorkerType      string
	NumberOfWorkers int
	MaxCapacity     float64 // in DPUs of 4 vCPUs and 16 GB; used without workers
}

// Size is what the job would have in Glue. One worker runs the driver.
func (d Demand) Size() Size {
	w, ok := workers[d.WorkerType]
	if !ok {
		w = workers[defaultType]
	}
	count := d.NumberOfWorkers
	if count == 0 {
		count = int(d.MaxCapacity)
	}
	return Size{
		Executors: max(1, count-1),
		Cores:     w.cores,
		HeapMB:    w.memoryGB * 1024 * heapOf10 / 10,
	}
}

// Machine is what local jobs share.
type Machine struct {
	Cores    int
	MemoryMB int // zero when it is not known
	// Slots bounds the jobs that run at once; a Spark job takes SlotsPerCore for
	// each core that it uses.
	Slots int
}

// SlotsPerCore is the weight of a core of Spark among local jobs: half of what a
// core bears of small jobs, so that two Spark jobs that use all cores run beside
// each other, one while the other's JVM starts.
const SlotsPerCore = 2

// LocalCores are the cores of a job that runs within its driver.
func (m Machine) LocalCores(s Size) int {
	return max(1, min(m.Cores, s.Executors*s.Cores))
}

// Weight is how many slots a local job of so many cores takes.
func (m Machine) Weight(cores int) int {
	return max(1, min(m.Slots, SlotsPerCore*cores))
}

// LocalHeapMB is the heap of a driver that is the whole job: what the workers would
// have together, within the job's share of four fifths of the memory, so that those
// that run at once fit.
func (m Machine) LocalHeapMB(s Size, cores int) int {
	want := (s.Executors + 1) * s.HeapMB
	if m.MemoryMB == 0 {
		return min(want, 2*minHeapMB)
	}
	share := m.MemoryMB * 4 / 5 * m.Weight(cores) / max(1, m.Slots)
	return max(minHeapMB, min(want, share))
}
