export default function Triggers() {
  return <h1>Triggers </h1>;
}
