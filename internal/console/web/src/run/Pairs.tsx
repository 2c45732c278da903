interface Props {
  what: string;
  keyHint: string;
  list: [string, string][];
  onChange: (list: [string, string][]) => void;
}

/** Names and values to be typed. */
export function Pairs({ what, keyHint, list, onChange }: Props) {
  const put = (i: number, pair: [string, string]) => onChange(list.map((p, k) => (k === i ? pair : p)));
  return (
    <div className="pairs">
      {list.map(([k, v], i) => (
        <div key={i} className="pair">
          <input type="text" aria-label={`Name of the ${what}`} placeholder={keyHint} value={k} onChange={(e) => put(i, [e.target.value, v])} />
          <input type="text" aria-label={`Value of the ${what} ${k}`} placeholder="value" value={v} onChange={(e) => put(i, [k, e.target.value])} />
          <button type="button" className="ghost small" aria-label={`Remove the ${what} ${k}`} onClick={() => onChange(list.filter((_, x) => x !== i))}>
            ✕
          </button>
        </div>
      ))}
      <button type="button" className="small" onClick={() => onChange([...list, ["", ""]])}>
        Add {/^[aeiou]/.test(what) ? "an" : "a"} {what}
      </button>
    </div>
  );
}
