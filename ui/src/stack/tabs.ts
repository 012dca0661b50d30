/** What there is to see of a stack or a service. Pure. */

export const TABS = ["overview", "logs", "events", "environment", "yaml"] as const;
export type Tab = (typeof TABS)[number];

export function tabOf(text: string | undefined): Tab {
  return TABS.find((each) => each === text) ?? "overview";
}
