import type { About } from "../api/types";

export default function SignIn({ about }: { about: About }) {
  return <h1>Sign in {about.Endpoint}</h1>;
}
