import type { Money } from "#app/lib/format.ts";

type ChoosableVariant = {
  readonly id: string;
  readonly options: Readonly<Record<string, string>>;
  readonly price: Money;
  readonly stock: { readonly state: "in" | "low" | "out"; readonly available: number };
};

type ChoosableProduct<Variant extends ChoosableVariant> = {
  readonly options: readonly {
    readonly name: string;
    readonly values: readonly { readonly value: string; readonly swatch: string | null }[];
  }[];
  readonly variants: readonly Variant[];
};

export type OptionChoice = {
  readonly name: string;
  /** Under which it stands in the address. */
  readonly param: string;
  readonly chosen: string;
  readonly values: readonly {
    readonly value: string;
    readonly swatch: string | null;
    /** `missing`: not made together with what else is chosen. */
    readonly state: "available" | "soldOut" | "missing";
  }[];
};

/**
 * The variant that an address asks for; what it leaves open is filled with the first that can be
 * had. Null only for a product without variants.
 */
export function chooseVariant<Variant extends ChoosableVariant>(
  product: ChoosableProduct<Variant>,
  params: URLSearchParams,
): Variant | null {
  const wanted = Object.fromEntries(
    product.options.flatMap(({ name }) => {
      const value = params.get(paramOf(name));
      return value === null ? [] : [[name, value]];
    }),
  );
  return bestMatch(product.variants, wanted);
}

/** What there is to choose, seen from the variant that is chosen now. */
export function optionChoices<Variant extends ChoosableVariant>(
  product: ChoosableProduct<Variant>,
  current: Variant,
): OptionChoice[] {
  return product.options.map(({ name, values }) => ({
    name,
    param: paramOf(name),
    chosen: current.options[name] ?? "",
    values: values.map(({ value, swatch }) => {
      const options = { ...current.options, [name]: value };
      const variant = product.variants.find(
        (candidate) => agreement(candidate, options) === Object.keys(options).length,
      );
      return { value, swatch, state: stateOf(variant) };
    }),
  }));
}

/** The variant with that value; of several, the one closest to the present choice. */
export function withOption<Variant extends ChoosableVariant>(
  product: ChoosableProduct<Variant>,
  current: Variant,
  name: string,
  value: string,
): Variant {
  const having = product.variants.filter((variant) => variant.options[name] === value);
  return bestMatch(having, { ...current.options, [name]: value }) ?? current;
}

/** The query part of the address of a variant. */
export function variantQuery(options: Readonly<Record<string, string>>): string {
  const params = new URLSearchParams(
    Object.entries(options).map(([name, value]) => [paramOf(name), value]),
  );
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

function paramOf(optionName: string): string {
  return optionName.toLowerCase();
}

function stateOf(variant: ChoosableVariant | undefined) {
  if (variant === undefined) return "missing";
  return variant.stock.state === "out" ? "soldOut" : "available";
}

/** Most values in common first, then what can be had, then the order of the product. */
function bestMatch<Variant extends ChoosableVariant>(
  variants: readonly Variant[],
  wanted: Readonly<Record<string, string>>,
): Variant | null {
  let best: Variant | null = null;
  for (const variant of variants) {
    if (best === null || rank(variant, wanted) > rank(best, wanted)) best = variant;
  }
  return best;
}

function rank(variant: ChoosableVariant, wanted: Readonly<Record<string, string>>): number {
  return 2 * agreement(variant, wanted) + (variant.stock.state === "out" ? 0 : 1);
}

function agreement(variant: ChoosableVariant, wanted: Readonly<Record<string, string>>): number {
  return Object.entries(wanted).filter(([name, value]) => variant.options[name] === value).length;
}
