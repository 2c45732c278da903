export default function Job({ name }: { name: string }) {
  return <h1>Job {name}</h1>;
}
