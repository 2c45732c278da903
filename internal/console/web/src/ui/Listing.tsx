import { plural } from "../format";

interface HeadProps {
  title: string;
  /** What is listed, in the singular. */
  what: string;
  found: number;
  all: number;
  search: string;
  onSearch: (text: string | undefined) => void;
  placeholder: string;
}

/** The head of a page that lists things: what, how many, and a search. */
export function ListingHead({ title, what, found, all, search, onSearch, placeholder }: HeadProps) {
  return (
    <header className="page-head">
      <h1>{title}</h1>
      <div className="actions">
        <span className="quiet" role="status">
          {search.trim() === "" ? plural(found, what) : `${found} of ${all}`}
        </span>
        <input type="search" aria-label={`Search ${what}s`} placeholder={placeholder} value={search} onChange={(e) => onSearch(e.target.value || undefined)} />
      </div>
    </header>
  );
}

/** Shows more of a list; nothing when all is shown. */
export function More({ found, limit, step, onLimit }: { found: number; limit: number; step: number; onLimit: (limit: number) => void }) {
  if (found <= limit) return null;
  return (
    <p className="more">
      <button type="button" onClick={() => onLimit(limit + step)}>
        Show {Math.min(step, found - limit)} of {found - limit} more
      </button>
    </p>
  );
}
