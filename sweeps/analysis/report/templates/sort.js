"use strict";
// Heads become buttons: a click sorts the rows below, within each group, holes last.
function key(row, column) {
  const text = row.cells[column].textContent.trim();
  const number = parseFloat(text.replace(/\u2212/g, "-").replace(/[,<\[(+]/g, ""));
  return { text: text, number: number, hole: text === "\u2013" || text === "" };
}
function compare(one, other, numbers) {
  if (one.hole || other.hole) return one.hole - other.hole;
  const order = numbers ? one.number - other.number : one.text.localeCompare(other.text);
  return order;
}
function sort(head, column) {
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of head.parentNode.cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  for (const body of head.closest("table").tBodies) {
    const rows = [...body.rows].filter((row) => !row.classList.contains("factor"));
    const keyed = rows.map((row) => [key(row, column), row]);
    const numbers = keyed.every(([found]) => found.hole || !Number.isNaN(found.number));
    keyed.sort(([a], [b]) => {
      const order = compare(a, b, numbers);
      return down && !(a.hole || b.hole) ? -order : order;
    });
    body.append(...keyed.map(([, row]) => row));
  }
}
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.setAttribute("aria-sort", "none");
    head.append(button);
  });
}
