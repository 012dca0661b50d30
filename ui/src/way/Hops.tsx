/** The route, drawn: a station for each gateway, and the service at the end. */

import type { JSX } from "preact";
import type { Answering, Edge, Hop, State, Way } from "../api/types";
import { StateMark } from "../common/StateMark";
import { stackAddress } from "../router/address";
import { address } from "../router/router";
import { Text, textOf } from "../text/Text";
import { carried } from "../tree/choice";
import { stripped } from "./paths";

export function Hops({ of }: { of: Way }): JSX.Element {
  return (
    <figure class="way" aria-label="Route of the request">
      <figcaption>
        <Text of={`${of.host || "any host"}${of.path}`} mono />
        {of.answer === "none" && <strong class="state-trouble"> ! no answer</strong>}
      </figcaption>
      <ol>
        <li class="station end"><span class="quiet">client asks</span> <Text of={of.path} mono /></li>
        {of.edge && <EdgeStation of={of.edge} />}
        {of.hops.map((each, index) => <Station key={index} of={each} />)}
        {of.service && <ServiceStation of={of.service} />}
        {of.answer === "none" && <li class="station end none"><Text of={of.message || "Nothing answers."} /></li>}
      </ol>
      {of.answer === "found" && !of.service && of.message && <p><Text of={of.message} /></p>}
    </figure>
  );
}

function EdgeStation({ of }: { of: Edge }): JSX.Element {
  return (
    <li class="station">
      <div class="title"><strong><Text of={of.kind} /></strong> <span class="quiet"><Text of={of.stack} /></span></div>
      <dl class="facts">
        <Fact name="hosts" value={of.hosts} />
        <Fact name="scheme" value={of.secure ? "https" : "http"} />
      </dl>
      {of.reason && <p><Text of={of.reason} /></p>}
    </li>
  );
}

function Station({ of }: { of: Hop }): JSX.Element {
  return (
    <li class="station">
      <Title name={of.gateway} stack={of.stack} state={of.state} ready={of.ready} wanted={of.wanted} />
      <dl class="facts">
        <Fact name="matches" value={of.matched} />
        <Fact name="strips" value={stripped(of)} />
        <Fact name="forwards" value={of.forwards} />
        <Fact name="to" value={of.service} />
      </dl>
      {of.rules.length > 0 && <ul class="rules">{of.rules.map((each, index) => <li key={index}><Text of={each} /></li>)}</ul>}
      {of.reason && <p><Text of={of.reason} /></p>}
    </li>
  );
}

function ServiceStation({ of }: { of: Answering }): JSX.Element {
  const id = of.id ?? (of.stack.includes("/") ? null : `${address.value.namespace}/${of.stack}`);
  return (
    <li class={`station end${of.state === "ready" ? "" : " none"}`}>
      <Title name={of.path || of.key} stack="answers" state={of.state} ready={of.ready} wanted={of.wanted} />
      <dl class="facts">
        <Fact name="port" value={of.port} />
        <Fact name="protocol" value={of.protocol} />
      </dl>
      {of.reason && <p><Text of={of.reason} /></p>}
      {id && <a href={stackAddress(id, of.key, carried())}>Service <Text of={of.key} /></a>}
    </li>
  );
}

function Title({ name, stack, state, ready, wanted }: {
  name: string; stack: string; state: State; ready: number | null; wanted: number | null;
}): JSX.Element {
  return (
    <div class="title">
      <strong><Text of={name} /></strong>
      {stack && <span class="quiet"><Text of={stack} /></span>}
      {state && <StateMark of={state} />}
      {wanted !== null && wanted !== undefined && <span class="number">{ready}/{wanted}</span>}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: unknown }): JSX.Element | null {
  const text = textOf(value);
  return text ? <div><dt>{name}</dt><dd><Text of={text} mono /></dd></div> : null;
}
