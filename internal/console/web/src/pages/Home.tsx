export function Home() {
  return <h1>Broken now</h1>;
}
