// Renders labels with an interpreter nobody here wrote: JSON [{zpl, width, height, dpmm}] in, JSON of base64 PNGs out.
const { ready } = require("zpl-renderer-js");

async function main() {
  let input = "";
  for await (const chunk of process.stdin) input += chunk;
  const { api } = await ready;
  const pictures = [];
  for (const { zpl, width, height, dpmm } of JSON.parse(input)) {
    pictures.push(await api.zplToBase64Async(zpl, width, height, dpmm));
  }
  process.stdout.write(JSON.stringify(pictures), () => process.exit(0));
}

main().catch((error) => {
  process.stderr.write(`${error}\n`);
  process.exit(1);
});
