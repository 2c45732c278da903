export default function Workflow({ name }: { name: string }) {
  return <h1>Workflow {name}</h1>;
}
