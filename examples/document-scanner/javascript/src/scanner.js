// A scanner that is not there: its sources hold pages which are drawn when they are asked for.

/** The sources, with the texts of the pages that lie in them. */
export const sources = [
  { name: "Flatbed", pages: ["Invoice 1001"] },
  {
    name: "Feeder",
    pages: ["Delivery note 7", "Delivery note 8", "Delivery note 9"],
  },
];

/** The pages of a source, as pictures. */
export async function scan(name) {
  const source = sources.find((each) => each.name === name);
  if (!source)
    throw new Error(
      `there is no source ${name}; there are ${sources.map((each) => each.name).join(", ")}`,
    );
  return source.pages.map((text) => {
    const canvas = Object.assign(document.createElement("canvas"), {
      width: 827,
      height: 1169,
    }); // A4 at 100 dpi
    const context = canvas.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = "black";
    context.font = "32px sans-serif";
    context.fillText(text, 80, 120);
    return { canvas, text };
  });
}
