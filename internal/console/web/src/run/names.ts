import type { NodeView } from "./view";

/** How nodes are named in links and commands: by name, or by id where a name is not theirs alone. */
export interface Names {
  of: (id: string) => string;
  find: (word: string | undefined) => string | undefined;
}

export function names(views: readonly NodeView[]): Names {
  const byName = new Map<string, string[]>();
  for (const v of views) byName.set(v.name, [...(byName.get(v.name) ?? []), v.id]);
  const name = new Map(views.map((v) => [v.id, byName.get(v.name)?.length === 1 ? v.name : v.id]));
  return {
    of: (id) => name.get(id) ?? id,
    find: (word) => (word === undefined ? undefined : name.has(word) ? word : byName.get(word)?.[0]),
  };
}

/** Names in one value of a query string. */
export const join = (list: readonly string[]) => (list.length ? list.map(encodeURIComponent).join(",") : undefined);
export const split = (text: string | undefined) => (text ? text.split(",").map(decode) : []);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
