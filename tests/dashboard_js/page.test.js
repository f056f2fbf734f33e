import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const DASHBOARD = new URL("../../logctl/dashboard/", import.meta.url);
const page = readFileSync(new URL("index.html", DASHBOARD), "utf8");
const scripts = new Map(
  readdirSync(new URL("assets/", DASHBOARD))
    .filter((name) => name.endsWith(".js"))
    .map((name) => [name, readFileSync(new URL(`assets/${name}`, DASHBOARD), "utf8")]),
);
const matches = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);

test("every element that a script asks for is in the page", () => {
  const there = new Set(matches(page, /\bid="([^"]+)"/g));
  for (const [name, text] of scripts) {
    const wanted = matches(text, /\bbyId\("([^"]+)"\)/g);
    assert.deepEqual(
      wanted.filter((id) => !there.has(id)),
      [],
      name,
    );
  }
});

test("no two elements of the page have the same ID", () => {
  const ids = matches(page, /\bid="([^"]+)"/g);
  assert.deepEqual(
    ids.filter((id, place) => ids.indexOf(id) !== place),
    [],
  );
});

test("the elements that scripts take for controls are such controls", () => {
  const typedef = /@typedef \{\{([^}]*)\}\} Controls/.exec(scripts.get("dom.js"))[1].replaceAll("*", " ");
  const controls = [...typedef.matchAll(/"?([\w-]+)"?: HTML(\w+)Element/g)];
  assert.ok(controls.length > 5);
  for (const [, id, kind] of controls) {
    assert.match(page, new RegExp(`<${kind.toLowerCase()}\\b[^>]*\\bid="${id}"`), id);
  }
});

test("the page loads every script, and none that is missing", () => {
  const wanted = new Set(["app.js"]);
  for (const name of wanted) {
    assert.ok(scripts.has(name), name);
    for (const other of matches(scripts.get(name), /\bfrom "\.\/([^"]+)";$/gm)) wanted.add(other);
  }
  assert.deepEqual([...wanted].sort(), [...scripts.keys()].sort());
});
