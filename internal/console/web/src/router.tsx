// Names go into paths percent-encoded and may hold any character, also a slash, a
// percent sign or a question mark; routers that decode the path before they match
// it can't tell those apart.
import { useCallback, useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from "react";

const changed = "reglue:location";

function subscribe(f: () => void) {
  window.addEventListener("popstate", f);
  window.addEventListener(changed, f);
  return () => {
    window.removeEventListener("popstate", f);
    window.removeEventListener(changed, f);
  };
}

/** Goes to a path of this page. */
export function navigate(to: string, options: { replace?: boolean } = {}) {
  if (options.replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  window.dispatchEvent(new Event(changed));
}

export const usePath = () => useSyncExternalStore(subscribe, () => location.pathname);
const useSearch = () => useSyncExternalStore(subscribe, () => location.search);

/** One value of the query string, and how to set it; undefined takes it out. */
export function useParam(name: string): [string | undefined, (value: string | undefined, options?: { replace?: boolean }) => void] {
  const value = new URLSearchParams(useSearch()).get(name) ?? undefined;
  const set = useCallback(
    (next: string | undefined, options?: { replace?: boolean }) => {
      const params = new URLSearchParams(location.search);
      if (next === undefined) params.delete(name);
      else params.set(name, next);
      const query = params.toString();
      navigate(location.pathname + (query && `?${query}`), { replace: true, ...options });
    },
    [name],
  );
  return [value, set];
}

/** The values of a pattern such as /workflows/:name in a path; undefined when it is another one. */
export function match(pattern: string, path: string): Record<string, string> | undefined {
  const want = pattern.split("/");
  const have = path.replace(/(.)\/$/, "$1").split("/");
  if (want.length !== have.length) return undefined;
  const values: Record<string, string> = {};
  for (const [i, part] of want.entries()) {
    const given = have[i]!;
    if (!part.startsWith(":")) {
      if (part !== given) return undefined;
      continue;
    }
    try {
      values[part.slice(1)] = decodeURIComponent(given);
    } catch {
      return undefined;
    }
  }
  return values;
}

type Query = Record<string, string | undefined>;

function withQuery(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [k, v] of Object.entries(query)) if (v !== undefined) params.set(k, v);
  const text = params.toString();
  return path + (text && `?${text}`);
}

const e = encodeURIComponent;

/** The paths of the pages. */
export const paths = {
  home: () => "/",
  workflows: () => "/workflows",
  workflow: (name: string, query?: Query) => withQuery(`/workflows/${e(name)}`, query),
  run: (name: string, id: string, query?: Query) => withQuery(`/workflows/${e(name)}/runs/${e(id)}`, query),
  family: (name: string, id: string, query?: Query) => withQuery(`/workflows/${e(name)}/runs/${e(id)}/family`, query),
  jobs: () => "/jobs",
  job: (name: string, query?: Query) => withQuery(`/jobs/${e(name)}`, query),
  triggers: (query?: Query) => withQuery("/triggers", query),
};

/** A link to a page; clicks with a modifier are the browser's. */
export function Link({ to, onClick, ...rest }: { to: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href">) {
  const click = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
    window.scrollTo(0, 0);
  };
  return <a href={to} onClick={click} {...rest} />;
}
