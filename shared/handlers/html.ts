/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | Html | readonly Html[];

/** A template tag: what is put into the template is text, and is escaped, unless it is HTML itself. */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: template }, ...parts.map(toText)));
}

function toText(part: Part): string {
  if (typeof part === 'string') return part.replaceAll(/[&<>"']/g, toReference);
  return [part]
    .flat()
    .map(({ text }) => text)
    .join('');
}

function toReference(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}
