// A button beside each text that is there to be copied. Without JavaScript, it is
// selected by hand.
for (const text of document.querySelectorAll<HTMLElement>(".copyable")) {
  const button = document.createElement("button");
  const name = document.body.dataset.copy ?? "Copy";
  button.type = "button";
  button.className = "small";
  button.textContent = name;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent ?? "");
      button.textContent = document.body.dataset.copied ?? "Copied";
    } catch {
      // Without HTTPS there is no clipboard: the text is selected instead.
      getSelection()?.selectAllChildren(text);
    }
    setTimeout(() => (button.textContent = name), 2000);
  });
  const row = document.createElement("div");
  row.className = "buttons copying";
  row.append(button);
  text.after(row);
}
