import { Suspense, useEffect, useRef } from "react";
import { useAbout } from "./api/queries";
import { fetchEarly, lazily } from "./lazily";
import { Home } from "./pages/Home";
import { Link, match, paths, usePath } from "./router";
import { Shell } from "./shell/Shell";
import { ErrorBoundary } from "./ui/ErrorBoundary";
import { Loading } from "./ui/Message";

const Workflows = lazily(() => import("./pages/Workflows"), { early: true });
const Workflow = lazily(() => import("./pages/Workflow"), { early: true });
const Jobs = lazily(() => import("./pages/Jobs"), { early: true });
const Job = lazily(() => import("./pages/Job"), { early: true });
const Triggers = lazily(() => import("./pages/Triggers"), { early: true });
const SignIn = lazily(() => import("./pages/SignIn"));
// Not early: it brings the graph along.
const RunPage = lazily(() => import("./run/RunPage"));
const FamilyPage = lazily(() => import("./run/FamilyPage"));

function Page() {
  const path = usePath();
  let at: Record<string, string> | undefined;
  if (match("/", path)) return <Home />;
  if (match("/workflows", path)) return <Workflows />;
  if ((at = match("/workflows/:name", path))) return <Workflow key={at.name} name={at.name!} />;
  if ((at = match("/workflows/:name/runs/:id", path))) return <RunPage key={`${at.name}/${at.id}`} workflow={at.name!} runId={at.id!} />;
  if ((at = match("/workflows/:name/runs/:id/family", path))) return <FamilyPage key={`${at.name}/${at.id}`} workflow={at.name!} runId={at.id!} />;
  if (match("/jobs", path)) return <Jobs />;
  if ((at = match("/jobs/:name", path))) return <Job key={at.name} name={at.name!} />;
  if (match("/triggers", path)) return <Triggers />;
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        Nothing is at {path}. <Link to={paths.home()}>See what is broken now</Link>
      </p>
    </>
  );
}

export function App() {
  const about = useAbout();
  const path = usePath();
  const shown = about.data !== undefined;
  useFocusOnNewPage(path);
  useEffect(() => {
    if (shown) fetchEarly();
  }, [shown]);
  return (
    <Shell about={about.data}>
      <ErrorBoundary key={path}>
        <Suspense fallback={<Loading />}>
          {about.data === undefined ? (
            <Loading />
          ) : about.data.Auth === "sigv4" && !about.data.SignedIn ? (
            <SignIn about={about.data} />
          ) : (
            <Page />
          )}
        </Suspense>
      </ErrorBoundary>
    </Shell>
  );
}

/** The link that led here may be gone, and the focus with it: it goes on at the page's beginning. */
function useFocusOnNewPage(path: string) {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    if (document.activeElement === document.body) document.getElementById("content")?.focus({ preventScroll: true });
  }, [path]);
}
