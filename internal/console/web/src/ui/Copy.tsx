import { useState } from "react";

/** Copies a text; it works on plain-http hosts too, where there is no clipboard API. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "offscreen";
    document.body.append(area);
    area.select();
    const ok = document.execCommand("copy");
    area.remove();
    return ok;
  }
}

export function CopyButton({ text, what, children }: { text: string; what: string; children?: string }) {
  const [done, setDone] = useState<boolean>();
  const copy = async () => {
    setDone(await copyText(text));
    setTimeout(() => setDone(undefined), 1500);
  };
  return (
    <button type="button" className="small ghost" onClick={copy} aria-label={children ? `${children}: copy ${what}` : `Copy ${what}`} title={`Copy ${what}`}>
      <svg className="glyph" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        <path d="M4.5 4.5h6v6h-6zM2 7.5V1.5H7.5" fill="none" stroke="currentColor" strokeWidth="1.3" />
      </svg>
      {done === undefined ? (children ?? "") : done ? "Copied" : "Can't copy"}
      <span className="offscreen" role="status">
        {done ? `Copied ${what}` : ""}
      </span>
    </button>
  );
}

/** An id in full or short, with a button that copies it. */
export function Id({ id, short, what = "id" }: { id: string; short?: string; what?: string }) {
  return (
    <span className="id">
      <code title={id}>{short ?? id}</code>
      <CopyButton text={id} what={what} />
    </span>
  );
}

/** Shows and copies the AWS CLI command of an action. */
export function CommandButton({ command }: { command: string }) {
  return (
    <CopyButton text={command} what={`the command: ${command}`}>
      AWS CLI
    </CopyButton>
  );
}

/** A command to copy, shown whole. */
export function Command({ children }: { children: string }) {
  return (
    <div className="command">
      <pre tabIndex={0}>{children}</pre>
      <CopyButton text={children} what="the command" />
    </div>
  );
}
