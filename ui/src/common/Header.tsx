/** The bar: which cluster, who asks, whether what is shown is current. */

import type { JSX } from "preact";
import { link } from "../feed/live";
import { about, session } from "../state/session";
import { next, theme } from "../state/theme";
import { Text } from "../text/Text";

const WORDS = { loading: "loading", live: "live", outage: "no cluster", lost: "no connection" } as const;

export function Header(): JSX.Element {
  const of = about();
  return (
    <header class="bar">
      <a class="brand" href="/">Ailtire</a>
      {of && (
        <dl class="where">
          {of.context && <Fact name="context" value={of.context} />}
          {of.user && <Fact name="user" value={of.user} />}
          {of.namespace && <Fact name="namespace" value={of.namespace} />}
          <div><dt class="hidden">rights</dt><dd>{of.allowActions ? "actions allowed" : "read-only"}</dd></div>
        </dl>
      )}
      {session.value.kind === "open" && (
        <span class={`link link-${link.value}`} role="status">
          <svg viewBox="0 0 12 12" aria-hidden="true" class="shape">
            {link.value === "live" ? <circle cx="6" cy="6" r="4" class="fill" /> : <path d="m2 2 8 8M10 2l-8 8" class="stroke" />}
          </svg>
          {WORDS[link.value]}
        </span>
      )}
      <button type="button" class="plain" aria-label={`theme: ${theme.value}, change it`}
        onClick={() => (theme.value = next(theme.value))}>
        theme: {theme.value}
      </button>
    </header>
  );
}

function Fact({ name, value }: { name: string; value: string }): JSX.Element {
  return <div><dt>{name}</dt><dd><Text of={value} /></dd></div>;
}
