// Reads a calendar from standard input with ical.js, as Thunderbird and Nextcloud do, and prints its events as
// JSON: {"uid": [start, end, title]}, times in UTC. The one argument is the folder that holds ical.js.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const module = await import(pathToFileURL(join(process.argv[2], "dist", "ical.js")).href);
const ICAL = module.default;

const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf-8")));
const found = {};
for (const component of calendar.getAllSubcomponents("vevent")) {
  const event = new ICAL.Event(component);
  const utc = (time) => time.convertToZone(ICAL.Timezone.utcTimezone).toString();
  found[event.uid] = [utc(event.startDate), utc(event.endDate), event.summary];
}
process.stdout.write(JSON.stringify(found));
