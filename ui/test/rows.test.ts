import { expect, test } from "vitest";
import { atPath, type Choice, pathTo, rowsOf, subtree, tally } from "../src/tree/rows";
import { child, service, stack, stacksOf } from "./records";

const all: Choice = { root: null, group: null, search: "", folded: new Set() };
const shop = stacksOf(
  child("n/shop-orders", "n/shop", "orders", {
    state: "trouble", ready: false, reason: "ImagePullBackOff", message: "api: 1 of 2 replicas", services: [
      service("api", { state: "trouble", reason: "ImagePullBackOff", image: "api:bad" }), service("db"),
    ],
  }),
  stack("n/shop", { state: "trouble", ready: false, services: [service("web")] }),
  child("n/shop-mail", "n/shop", "mail", { services: [service("smtp")] }),
  stack("m/other"),
);
const ids = (choice: Partial<Choice>) => rowsOf(shop, { ...all, ...choice }).map((each) => each.id);

test("trees in order of namespace and name, services before the stacks below", () => {
  expect(ids({})).toEqual([
    "m/other", "n/shop", "n/shop/web", "n/shop-mail", "n/shop-mail/smtp", "n/shop-orders", "n/shop-orders/api", "n/shop-orders/db",
  ]);
});

test("levels, positions and siblings are those of the tree", () => {
  const row = rowsOf(shop, all).find((each) => each.id === "n/shop-orders");
  expect(row).toMatchObject({ level: 2, position: 3, siblings: 3, open: true });
});

test("a fold hides what is below it", () => {
  expect(ids({ folded: new Set(["n/shop"]) })).toEqual(["m/other", "n/shop"]);
});

test("a filter shows what is of the state, with what leads to it, and ignores folds", () => {
  expect(ids({ group: "trouble", folded: new Set(["n/shop"]) })).toEqual(["n/shop", "n/shop-orders", "n/shop-orders/api"]);
});

test("a search finds a service by its image and shows its stacks as context", () => {
  const rows = rowsOf(shop, { ...all, search: "API:BAD" });
  expect(rows.map((each) => [each.id, each.context])).toEqual([
    ["n/shop", true], ["n/shop-orders", true], ["n/shop-orders/api", false],
  ]);
});

test("a search that finds the reason of a stack shows the stack, and below it only what has it too", () => {
  expect(ids({ search: "pullback" })).toEqual(["n/shop", "n/shop-orders", "n/shop-orders/api"]);
});

test("a search that finds a stack shows what is in it", () => {
  expect(ids({ search: "mail" })).toEqual(["n/shop", "n/shop-mail", "n/shop-mail/smtp"]);
});

test("one tree alone", () => {
  expect(ids({ root: "n/shop-mail" })).toEqual(["n/shop-mail", "n/shop-mail/smtp"]);
  expect(ids({ root: "n/none" })).toEqual([]);
  expect(subtree(shop, "n/shop").map((each) => each.id).sort()).toEqual(["n/shop", "n/shop-mail", "n/shop-orders"]);
});

test("a stack whose parent may not be seen is a tree of its own", () => {
  expect(rowsOf(stacksOf(child("n/a", "x/hidden", "a")), all)).toMatchObject([{ id: "n/a", level: 1, open: null }]);
});

test("a path of keys leads to a stack", () => {
  expect([["n/shop", "shop"], ["n/shop", "shop/mail"], ["n/shop", "shop/none"], ["n/none", "none/mail"]]
    .map(([root = "", path = ""]) => atPath(shop, root, path)?.id)).toEqual(["n/shop", "n/shop-mail", undefined, undefined]);
});

test("states are counted in groups", () => {
  expect(tally(shop.values())).toMatchObject({ trouble: 2, ready: 2 });
});

test("the path of a stack ends, even where parents name each other", () => {
  const loop = stacksOf(child("n/a", "n/b", "a"), child("n/b", "n/a", "b"));
  expect(pathTo(loop, "n/a").map((each) => each.id)).toEqual(["n/b", "n/a"]);
});

test("a thousand stacks with their services, each a row", () => {
  const many = stacksOf(stack("n/root"), ...Array.from({ length: 1000 }, (_, index) =>
    child(`n/s${index}`, "n/root", `s${index}`, { services: [service("a"), service("b"), service("c")] })));
  expect(rowsOf(many, all)).toHaveLength(4001);
});
