import { expect, test } from "vitest";
import { format, pageOf, parse, stackAddress } from "../src/router/address";

test.each([
  "/",
  "/?filter=trouble",
  "/tree/n/shop",
  "/tree/n/shop?filter=trouble&q=api",
  "/stack/n/shop",
  "/stack/n/shop/web?tab=logs",
  "/way/n/shop?host=shop.example&path=%2Forders%2F42",
  "/networks/n/shop",
  "/timeline/n/shop?compare=3%2C5",
])("%s is read and written the same", (address) => {
  const [path = "", search = ""] = address.split("?");
  expect(format(parse(path, search))).toBe(address);
});

test.each(["/nothing", "/stack/n", "/tree", "/way/n/shop/web", "/stack/n/shop/web/more", "/%E0%A4%A/n/shop"])("%s is no page", (path) => {
  expect(parse(path, "").page).toBe("unknown");
});

test("names with signs of addresses stay names", () => {
  const address = stackAddress("n/a?b", "x/#y", { tab: "logs" });
  expect(address).toBe("/stack/n/a%3Fb/x%2F%23y?tab=logs");
  expect(parse("/stack/n/a%3Fb/x%2F%23y", "tab=logs")).toMatchObject({ name: "a?b", service: "x/#y", query: { tab: "logs" } });
});

test("empty fields are left out", () => {
  expect(pageOf("tree", "n/shop", { filter: "", q: "" })).toBe("/tree/n/shop");
});
