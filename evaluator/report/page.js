"use strict";
// Sort a table by a click on its header; missing values stay at the end either way.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 3) continue;
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = (row) => row.cells[column].dataset.sort || row.cells[column].textContent.trim();
      const rows = [...body.rows].map((row) => {
        const text = value(row);
        return { row, text, missing: !!row.cells[column].querySelector(".missing") || text === "" };
      });
      rows.sort((a, b) => {
        if (a.missing !== b.missing) return a.missing ? 1 : -1;
        const numbers = Number(a.text) - Number(b.text);
        const order = Number.isNaN(numbers) ? a.text.localeCompare(b.text) : numbers;
        return up ? order : -order;
      });
      body.append(...rows.map((entry) => entry.row));
    });
  });
}
// On a small screen the contents start folded.
const contents = document.querySelector("nav.contents details");
if (contents && window.matchMedia("(max-width: 75rem)").matches) contents.open = false;
