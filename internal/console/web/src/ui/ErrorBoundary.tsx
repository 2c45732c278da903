import { Component, type ReactNode } from "react";
import { ErrorBox } from "./Message";

/** Shows a page's failure in its place and leaves the rest usable. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return (
      <>
        <ErrorBox error={this.state.error} />
        <p>
          <button type="button" onClick={() => location.reload()}>
            Load the page again
          </button>
        </p>
      </>
    );
  }
}
