// Compares two OpenAPI documents and prints what would break a client of the older one, a line per finding.
// Usage: node breaking.mjs OLD.json NEW.json [ALLOWED.txt]; exits 1 when a finding is not listed in ALLOWED.txt.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const METHODS = ["get", "put", "post", "patch", "delete", "head", "options"];

/** What breaks, as sorted unique lines: "POST /api/v1/patients request /name is now required". */
export function breaking(older, newer) {
  const found = new Set();
  for (const [path, item] of Object.entries(older.paths ?? {})) {
    for (const method of METHODS.filter((name) => item[name])) {
      const where = `${method.toUpperCase()} ${path}`;
      const after = newer.paths?.[path]?.[method];
      if (!after) found.add(`${where} was removed`);
      else operation(where, item[method], after);
    }
  }
  return [...found].sort();

  function operation(where, a, b) {
    if (a.operationId !== b.operationId) found.add(`${where} was renamed from ${a.operationId} to ${b.operationId}`);
    if (a["x-permission"] !== b["x-permission"]) {
      found.add(`${where} needs ${b["x-permission"]} instead of ${a["x-permission"]}`);
    }
    parameters(where, a.parameters ?? [], b.parameters ?? []);
    if (!a.requestBody?.required && b.requestBody?.required) found.add(`${where} request body is now required`);
    contents(`${where} request`, a.requestBody?.content, b.requestBody?.content, "in");
    for (const [status, answer] of Object.entries(a.responses ?? {})) {
      if (!status.startsWith("2")) continue;
      if (!b.responses?.[status]) found.add(`${where} no longer answers ${status}`);
      else contents(`${where} ${status}`, answer.content, b.responses[status].content, "out");
    }
  }

  function parameters(where, before, after) {
    const key = (one) => `${one.in} parameter ${one.name}`;
    const then = new Map(before.map((one) => [key(one), one]));
    const now = new Map(after.map((one) => [key(one), one]));
    for (const [name, one] of then) {
      const next = now.get(name);
      if (!next) found.add(`${where} ${name} was removed`);
      else {
        if (!one.required && next.required) found.add(`${where} ${name} is now required`);
        schema(`${where} ${name}`, one.schema, next.schema, "in", []);
      }
    }
    for (const [name, one] of now) if (one.required && !then.has(name)) found.add(`${where} ${name} is new and required`);
  }

  function contents(where, before = {}, after = {}, way) {
    for (const [type, body] of Object.entries(before)) {
      if (!after[type]) found.add(`${where} no longer speaks ${type}`);
      else schema(where, body.schema, after[type].schema, way, []);
    }
  }

  /** `in`: what callers send must still be taken. `out`: what callers read must still be there. */
  function schema(where, before, after, way, seen) {
    const mark = `${before?.$ref}|${after?.$ref}`;
    if (before?.$ref && seen.includes(mark)) return;
    const trail = [...seen, mark];
    const a = resolve(older, before);
    const b = resolve(newer, after);
    if (!a || !b || typeof a !== "object" || typeof b !== "object") return;
    const [wide, narrow, lost] = way === "in" ? [a, b, "no longer takes"] : [b, a, "may now be"];
    for (const type of types(wide)) {
      if (types(narrow).length > 0 && !types(narrow).includes(type)) found.add(`${where} ${lost} ${type}`);
    }
    if (way === "in" && b.enum) {
      for (const value of a.enum ?? []) if (!b.enum.includes(value)) found.add(`${where} no longer takes "${value}"`);
      if (!a.enum) found.add(`${where} is now an enumeration`);
    }
    for (const [name, property] of Object.entries(a.properties ?? {})) {
      const next = b.properties?.[name];
      if (!next) found.add(`${where} /${name} was removed`);
      else schema(`${where} /${name}`, property, next, way, trail);
    }
    const required = (one) => new Set(one.required ?? []);
    if (way === "in") {
      for (const name of required(b)) if (!required(a).has(name)) found.add(`${where} /${name} is now required`);
    } else {
      for (const name of required(a)) {
        if (b.properties?.[name] && !required(b).has(name)) found.add(`${where} /${name} may now be absent`);
      }
    }
    if (a.items && b.items) schema(`${where} []`, a.items, b.items, way, trail);
    for (const word of ["oneOf", "anyOf", "allOf"]) {
      (a[word] ?? []).forEach((one, index) => b[word]?.[index] && schema(where, one, b[word][index], way, trail));
    }
  }
}

function types(schema) {
  if (schema.type === undefined) return [];
  const all = [schema.type].flat();
  return all.includes("number") ? [...all, "integer"] : all;
}

function resolve(document, schema) {
  if (!schema?.$ref) return schema;
  return schema.$ref
    .replace(/^#\//, "")
    .split("/")
    .reduce((node, key) => node?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], document);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [older, newer, allowed] = process.argv.slice(2);
  const json = (file) => JSON.parse(readFileSync(file, "utf8"));
  const listed = allowed ? readFileSync(allowed, "utf8").split("\n").map((line) => line.split(" # ")[0].trim()) : [];
  const findings = breaking(json(older), json(newer)).filter((line) => !listed.includes(line));
  for (const line of findings) console.error(`breaking: ${line}`);
  process.exit(findings.length === 0 ? 0 : 1);
}
