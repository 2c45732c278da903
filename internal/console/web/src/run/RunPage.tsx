export default function RunPage({ workflow, runId }: { workflow: string; runId: string }) {
  return <h1>{workflow} {runId}</h1>;
}
