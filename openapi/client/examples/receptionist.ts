// A receptionist's morning: sign in, register a patient, book, be refused the second booking, confirm, cancel.
// Run: npm ci && npm run build && SALUS_URL=http://127.0.0.1:8080 npm run example
import assert from "node:assert/strict";
import { createSalusClient, isProblem, unwrap } from "../src/index.js";

const salus = createSalusClient({ baseUrl: process.env["SALUS_URL"] ?? "http://127.0.0.1:8080" });

const session = unwrap(
  await salus.POST("/api/v1/auth/sign-in", {
    body: { email: "receptionist@aurora.example", password: "Salus-demo-2026" },
  }),
);
console.log(`signed in as ${session.user.name} (${session.user.role})`);

const name = `Zélia Exemplo ${Date.now()}`;
const patient = unwrap(await salus.POST("/api/v1/patients", { body: { name, birth_date: "1984-02-29" } }));
console.log(`registered ${patient.name}`);

const services = unwrap(await salus.GET("/api/v1/services", {}));
const from = new Date(Date.now() + 24 * 3_600_000).toISOString();
const to = new Date(Date.now() + 21 * 24 * 3_600_000).toISOString();
let booked;
for (const service of services.items) {
  const query = { service_id: service.id, from, to, limit: 1 };
  const slot = unwrap(await salus.GET("/api/v1/slots", { params: { query } })).items[0];
  if (slot === undefined) continue;
  const { start, practitioner_id, clinic_id } = slot;
  const body = { service_id: service.id, patient_id: patient.id, practitioner_id, clinic_id, start };
  booked = { body, appointment: unwrap(await salus.POST("/api/v1/appointments", { body })) };
  console.log(`booked ${service.name} at ${slot.local_start}`);
  break;
}
assert(booked, "no service has a free slot in the next three weeks");
assert.equal(booked.appointment.status, "booked");

const other = unwrap(await salus.POST("/api/v1/patients", { body: { name: `${name} Filho` } }));
const second = await salus.POST("/api/v1/appointments", { body: { ...booked.body, patient_id: other.id } });
assert.equal(second.response.status, 409);
assert(isProblem(second.error));
assert.match(second.error.code, /(^|\.)slot_taken$/);
console.log(`the second booking was refused: ${second.error.detail}`);

const path = { appointment_id: booked.appointment.id };
const confirmed = unwrap(await salus.POST("/api/v1/appointments/{appointment_id}/confirm", { params: { path } }));
assert.equal(confirmed.status, "confirmed");
const cancelled = unwrap(
  await salus.POST("/api/v1/appointments/{appointment_id}/cancel", {
    params: { path },
    body: { reason: "the patient called", requested_by: "clinic" },
  }),
);
assert.equal(cancelled.status, "cancelled");
console.log("confirmed, then cancelled");
