"use strict";
// Whoever has chosen no zone sees times in that of the browser, and that they are; without this, in that of the wire.
(() => {
  const page = document.documentElement;
  const usual = page.dataset.zone;
  if (!usual) return;
  const fields = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  // As the server writes them: 29 November, not November 29, and Portuguese as Africa and Europe write it.
  const language = { en: "en-GB", pt: "pt-PT" }[page.lang] || page.lang;
  const write = (options) => {
    const format = new Intl.DateTimeFormat(language, { numberingSystem: "latn", ...options });
    return (moment) => format.format(moment);
  };
  try {
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    const now = new Date();
    const day = write({ dateStyle: "short" });
    const time = write(fields);
    const date = write({ day: "numeric", month: "long", year: "numeric" });
    const dayOfYear = write({ day: "numeric", month: "long" });
    // What stands between a date and a time, as on the server (Unicode CLDR).
    const between = { ar: "\u060c ", pt: " ", sw: " " }[page.lang] || ", ";
    const both = (said) => (moment) => said(moment) + between + time(moment);
    const shapes = {
      day: date,
      time,
      medium: both(date),
      short: (moment) =>
        day(moment) === day(now) ? time(moment)
          : both(moment.getFullYear() === now.getFullYear() ? dayOfYear : date)(moment),
    };
    const offset = (name) => {
      const parts = new Intl.DateTimeFormat("en", { timeZone: name, timeZoneName: "longOffset" }).formatToParts(now);
      return parts.find((part) => part.type === "timeZoneName").value;
    };
    if (!zone || zone === usual || offset(zone) === offset(usual)) return;
    for (const each of document.querySelectorAll("time[data-shape]")) {
      const moment = new Date(each.dateTime);
      const shape = shapes[each.dataset.shape];
      if (shape && !Number.isNaN(moment.getTime())) each.textContent = shape(moment);
    }
    const name = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: "long" }).formatToParts(now)
      .find((part) => part.type === "timeZoneName").value;
    const shown = document.getElementById("zone");
    if (shown) shown.textContent = shown.dataset.browser.replace("ZONE", name);
  } catch {
    // A browser without these names or zones: the times stay as they are, in the zone that the page says.
  }
})();
