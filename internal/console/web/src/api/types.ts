// The shapes of the API that the pages use, in Glue's own words. A time is in
// epoch seconds. Members that the service leaves out when empty are optional.

export type Time = number;

export type JobRunState =
  | "STARTING" | "RUNNING" | "STOPPING" | "STOPPED" | "SUCCEEDED" | "FAILED"
  | "TIMEOUT" | "ERROR" | "WAITING" | "EXPIRED";
export type CrawlState = "RUNNING" | "CANCELLING" | "CANCELLED" | "SUCCEEDED" | "FAILED" | "ERROR";
export type RunStatus = "RUNNING" | "COMPLETED" | "STOPPING" | "STOPPED" | "ERROR";
export type NodeType = "CRAWLER" | "JOB" | "TRIGGER";
export type TriggerType = "SCHEDULED" | "CONDITIONAL" | "ON_DEMAND" | "EVENT";
export type TriggerState =
  | "CREATING" | "CREATED" | "ACTIVATING" | "ACTIVATED" | "DEACTIVATING" | "DEACTIVATED" | "DELETING" | "UPDATING";

export interface Action {
  JobName?: string;
  CrawlerName?: string;
  Arguments?: Record<string, string>;
  Timeout?: number;
  SecurityConfiguration?: string;
  NotificationProperty?: { NotifyDelayAfter?: number };
}

export interface Condition {
  LogicalOperator?: "EQUALS";
  JobName?: string;
  State?: JobRunState;
  CrawlerName?: string;
  CrawlState?: CrawlState;
}

export interface Predicate {
  Logical?: "AND" | "ANY";
  Conditions?: Condition[];
}

export interface Trigger {
  Name: string;
  WorkflowName?: string;
  Id?: string;
  Type?: TriggerType;
  State?: TriggerState;
  Description?: string;
  Schedule?: string;
  Actions?: Action[];
  Predicate?: Predicate;
  EventBatchingCondition?: { BatchSize?: number; BatchWindow?: number };
}

export interface Predecessor {
  JobName?: string;
  RunId?: string;
}

export interface JobRun {
  Id: string;
  Attempt: number;
  PreviousRunId?: string;
  TriggerName?: string;
  JobName?: string;
  StartedOn?: Time;
  LastModifiedOn?: Time;
  CompletedOn?: Time;
  JobRunState?: JobRunState;
  Arguments?: Record<string, string>;
  ErrorMessage?: string;
  PredecessorRuns?: Predecessor[];
  /** In seconds. */
  ExecutionTime?: number;
  /** In minutes. */
  Timeout?: number;
  MaxCapacity?: number;
  WorkerType?: string;
  NumberOfWorkers?: number;
  SecurityConfiguration?: string;
  LogGroupName?: string;
  GlueVersion?: string;
  DPUSeconds?: number;
  ExecutionClass?: string;
  StateDetail?: string;
}

export interface Crawl {
  State?: CrawlState;
  StartedOn?: Time;
  CompletedOn?: Time;
  ErrorMessage?: string;
  LogGroup?: string;
  LogStream?: string;
}

export interface Node {
  Type: NodeType;
  Name: string;
  UniqueId: string;
  TriggerDetails?: { Trigger?: Trigger };
  JobDetails?: { JobRuns?: JobRun[] };
  CrawlerDetails?: { Crawls?: Crawl[] };
}

export interface Edge {
  SourceId: string;
  DestinationId: string;
}

export interface Graph {
  Nodes?: Node[];
  Edges?: Edge[];
}

export interface Statistics {
  TotalActions: number;
  TimeoutActions: number;
  FailedActions: number;
  StoppedActions: number;
  SucceededActions: number;
  RunningActions: number;
  ErroredActions?: number;
  WaitingActions?: number;
}

export interface WorkflowRun {
  Name: string;
  WorkflowRunId: string;
  PreviousRunId?: string;
  WorkflowRunProperties?: Record<string, string>;
  StartedOn?: Time;
  CompletedOn?: Time;
  Status: RunStatus;
  ErrorMessage?: string;
  Statistics?: Statistics;
  Graph?: Graph;
  StartingEventBatchCondition?: { BatchSize?: number; BatchWindow?: number };
}

export interface Workflow {
  Name: string;
  Description?: string;
  DefaultRunProperties?: Record<string, string>;
  CreatedOn?: Time;
  LastModifiedOn?: Time;
  LastRun?: WorkflowRun;
  Graph?: Graph;
  MaxConcurrentRuns?: number;
}

export interface Job {
  Name: string;
  Description?: string;
  Role?: string;
  CreatedOn?: Time;
  LastModifiedOn?: Time;
  ExecutionProperty?: { MaxConcurrentRuns?: number };
  Command?: { Name?: string; ScriptLocation?: string; PythonVersion?: string; Runtime?: string };
  DefaultArguments?: Record<string, string>;
  NonOverridableArguments?: Record<string, string>;
  Connections?: { Connections?: string[] };
  MaxRetries?: number;
  /** In minutes. */
  Timeout?: number;
  MaxCapacity?: number;
  WorkerType?: string;
  NumberOfWorkers?: number;
  GlueVersion?: string;
  ExecutionClass?: string;
}

// What reglue has beside AWS Glue's operations.

export interface Selectors {
  Failed?: boolean;
  Changed?: boolean;
  Missing?: boolean;
  Held?: boolean;
  Recommended?: boolean;
}

/** Settings of a job for one run, as the wire names them. */
export interface RunOverride {
  arguments?: Record<string, string>;
  /** In minutes. */
  timeout?: number;
  retries?: number;
}

export interface ResumeRequest {
  Name: string;
  RunId: string;
  NodeIds?: string[];
  Select?: Selectors;
  Accept?: string[];
  Because?: string;
  Until?: string[];
  Except?: string[];
  Properties?: Record<string, string>;
  Overrides?: Record<string, RunOverride>;
  Definition?: "original" | "current";
  AnyEnd?: boolean;
  AnyResume?: boolean;
  /** Permits a run that is RUNNING: what runs in it is moved to the new run. */
  WhileRunning?: boolean;
}

export interface PreviewRequest extends ResumeRequest {
  PlanToken?: string;
  ExpectHead?: string;
}

export interface ExecuteRequest extends PreviewRequest {
  ClientToken?: string;
  By?: string;
}

export type Verdict = "start" | "downstream" | "blocked" | "carry" | "accept" | "held" | "moved" | "blank";

export interface PlanNode {
  name: string;
  type: NodeType;
  id: string;
  verdict: Verdict;
  selected?: boolean;
  reason: string;
  /** The node, by its place in the plan's nodes, whose reason is behind this one's; -1 at a first cause. */
  behind: number;
  from?: { runId: string; jobRunId?: string; attempt: number; state: string };
  expectedMs?: number;
  samples?: number;
  changed?: string[];
  risk?: { safe: boolean; outputs?: string[]; written?: string[]; more?: number };
}

export interface Plan {
  workflow: string;
  runId: string;
  head?: string;
  starts: string[];
  nodes: PlanNode[];
  counts: Partial<Record<Verdict, number>>;
  times: { expectedMs: number; fullMs: number; savedMs: number; criticalPath: string[]; unknown?: number };
  differences?: string[];
  warnings?: string[];
  asks?: string[];
  busy?: string[];
  token?: string;
}

export interface Choice {
  id: string;
  name: string;
  cause: "failed" | "changed" | "missing" | "held" | "named";
  why: string[];
}

export interface PlannedResume {
  Name: string;
  RunId: string;
  State: "PENDING" | "DONE" | "FAILED" | "CANCELLED" | "SKIPPED";
  DueOn?: Time;
  Tries?: number;
  NewRunId?: string;
  Error?: string;
  By?: string;
  CreatedOn: Time;
  EndedOn?: Time;
}

export interface Acceptance {
  NodeId: string;
  By?: string;
  Because: string;
  At: Time;
  RunId: string;
  State: string;
}

export interface ResumeRecord {
  By?: string;
  At?: Time;
  Accepted?: Acceptance[];
  Held?: string[];
  Overrides?: Record<string, RunOverride>;
  Properties?: Record<string, string>;
  Before?: { Node: string; Command: string; At?: Time; TookMs?: number; Output?: string }[];
  Pinned?: number;
  Moved?: boolean;
  AnyEnd?: boolean;
  WhileRunning?: boolean;
  Repair?: PlannedResume;
}

export interface NodeReason {
  UniqueId: string;
  Name: string;
  Type: NodeType;
  Kind?: string;
  Sentence: string;
  Chain?: string[];
}

/** One attempt in a family. Times are RFC 3339. */
export interface FamilyAttempt {
  state?: string;
  runId?: string;
  before?: string;
  jobRunId?: string;
  retry?: number;
  trigger?: string;
  startedOn?: string;
  completedOn?: string;
  seconds?: number;
  error?: string;
}

export interface FamilyNode extends FamilyAttempt {
  name: string;
  type: NodeType;
  id: string;
  state: string;
  accepted?: boolean;
  reason?: string;
  attempts?: FamilyAttempt[];
  aside?: FamilyAttempt;
}

export interface FamilyRun {
  runId: string;
  previousRunId?: string;
  depth: number;
  head?: boolean;
  startedOn?: string;
  completedOn?: string;
  outcome: unknown;
  repeated?: string[];
  accepted?: string[];
  held?: string[];
  set?: string[];
  attempts: number;
  seconds: number;
  carried: number;
  savedSeconds: number;
}

export interface Family {
  workflow: string;
  head: string;
  runs: FamilyRun[];
  nodes: FamilyNode[];
  lost?: string[];
  totals: {
    startedOn?: string;
    completedOn?: string;
    wallSeconds: number;
    idleSeconds: number;
    attempts: number;
    seconds: number;
    savedStarts: number;
    savedSeconds: number;
  };
}

/** What GET /console/about answers. */
export interface About {
  Kind: "server" | "account";
  Auth: "none" | "sigv4";
  SignedIn: boolean;
  /** Whether GET /console/events exists. */
  Events?: boolean;
  /** Whether the server starts runs by their schedules. */
  Schedules?: boolean;
  AccessKey?: string;
  Account?: string;
  Region?: string;
  Endpoint?: string;
  Profile?: string;
  Version?: string;
  Server?: string;
}

interface Page {
  NextToken?: string;
  MaxResults?: number;
}

/** The operations that the pages call: what goes in, what comes out. */
export interface Operations {
  ListWorkflows: { in: Page; out: { Workflows?: string[]; NextToken?: string } };
  BatchGetWorkflows: {
    in: { Names: string[]; IncludeGraph?: boolean };
    out: { Workflows?: Workflow[]; MissingWorkflows?: string[] };
  };
  GetWorkflow: { in: { Name: string; IncludeGraph?: boolean }; out: { Workflow?: Workflow } };
  GetWorkflowRun: { in: { Name: string; RunId: string; IncludeGraph?: boolean }; out: { Run?: WorkflowRun } };
  GetWorkflowRuns: {
    in: Page & { Name: string; IncludeGraph?: boolean };
    out: { Runs?: WorkflowRun[]; NextToken?: string };
  };
  GetWorkflowRunProperties: { in: { Name: string; RunId: string }; out: { RunProperties?: Record<string, string> } };
  PutWorkflowRunProperties: {
    in: { Name: string; RunId: string; RunProperties: Record<string, string> };
    out: Record<string, never>;
  };
  StartWorkflowRun: { in: { Name: string; RunProperties?: Record<string, string> }; out: { RunId: string } };
  StopWorkflowRun: { in: { Name: string; RunId: string }; out: Record<string, never> };
  ResumeWorkflowRun: {
    in: { Name: string; RunId: string; NodeIds: string[] };
    out: { RunId: string; NodeIds: string[] };
  };
  GetTriggers: { in: Page & { DependentJobName?: string }; out: { Triggers?: Trigger[]; NextToken?: string } };
  GetTrigger: { in: { Name: string }; out: { Trigger?: Trigger } };
  StartTrigger: { in: { Name: string }; out: { Name?: string } };
  StopTrigger: { in: { Name: string }; out: { Name?: string } };
  GetJobs: { in: Page; out: { Jobs?: Job[]; NextToken?: string } };
  BatchGetJobs: { in: { JobNames: string[] }; out: { Jobs?: Job[]; JobsNotFound?: string[] } };
  GetJob: { in: { JobName: string }; out: { Job?: Job } };
  GetJobRuns: { in: Page & { JobName: string }; out: { JobRuns?: JobRun[]; NextToken?: string } };
  GetJobRun: { in: { JobName: string; RunId: string; PredecessorsIncluded?: boolean }; out: { JobRun?: JobRun } };
  StartJobRun: {
    in: { JobName: string; Arguments?: Record<string, string> };
    out: { JobRunId: string };
  };
  BatchStopJobRun: {
    in: { JobName: string; JobRunIds: string[] };
    out: {
      SuccessfulSubmissions?: { JobName: string; JobRunId: string }[];
      Errors?: { JobName: string; JobRunId: string; ErrorDetail?: { ErrorCode?: string; ErrorMessage?: string } }[];
    };
  };
  PlanWorkflowRunResume: { in: PreviewRequest; out: { Plan: Plan; Choices?: Choice[] } };
  ExecuteWorkflowRunResume: { in: ExecuteRequest; out: { RunId: string; NodeIds: string[] } };
  GetWorkflowRunResume: { in: { Name: string; RunId: string }; out: ResumeRecord };
  ExplainWorkflowRun: { in: { Name: string; RunId: string }; out: { Nodes?: NodeReason[] } };
  GetWorkflowRunFamily: { in: { Name: string; RunId: string }; out: Family };
  ListAutomaticRepairs: { in: { Name?: string; Pending?: boolean }; out: { Repairs?: PlannedResume[] } };
}

export type Operation = keyof Operations;
export type In<Op extends Operation> = Operations[Op]["in"];
export type Out<Op extends Operation> = Operations[Op]["out"];
