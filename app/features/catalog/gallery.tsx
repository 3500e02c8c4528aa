import { Link, useSearchParams } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { classNames } from "#app/components/ui/class-names.ts";
import type { PictureSource } from "#app/components/ui/picture.tsx";
import { Tile, type Tint } from "#app/components/ui/tile.tsx";

/**
 * One large picture and the others small beside it (below it on phones). The small ones are links,
 * so that a picture can be chosen without scripts.
 */
export function Gallery({
  name,
  tint,
  pictures,
  index,
  onChoose,
}: {
  readonly name: string;
  readonly tint: Tint;
  readonly pictures: readonly PictureSource[];
  readonly index: number;
  readonly onChoose: (index: number) => void;
}) {
  const t = useTranslations("product");
  const [params] = useSearchParams();
  const shown = pictures[index] ?? pictures[0] ?? null;
  const several = pictures.length > 1;
  return (
    <section
      aria-label={t("gallery", { name })}
      className={classNames(
        "grid gap-3 md:gap-4 lg:sticky lg:top-24",
        several && "md:grid-cols-[84px_minmax(0,1fr)]",
      )}
    >
      <Tile
        tint={tint}
        picture={shown}
        sizes="(min-width: 1440px) 470px, (min-width: 1024px) 32vw, 66vw"
        priority
        className="aspect-[1/1.02] rounded-dialog [--art:78%] md:order-last md:rounded-xl"
      />
      {several && (
        <ul className="grid grid-cols-4 content-start gap-2.5 md:grid-cols-1 md:gap-3">
          {pictures.map((picture, position) => (
            <li key={picture.url}>
              <Link
                to={`?${withPicture(params, position)}`}
                replace
                preventScrollReset
                aria-label={t("showPicture", { index: position + 1, count: pictures.length })}
                aria-current={position === index ? "true" : undefined}
                className="group block rounded-[14px]"
                onClick={(event) => {
                  event.preventDefault();
                  onChoose(position);
                }}
              >
                <Tile
                  tint={tint}
                  picture={picture}
                  sizes="60px"
                  decorative
                  ground={false}
                  className={classNames(
                    "aspect-square rounded-[14px] [--art:70%]",
                    position === index && "shadow-[inset_0_0_0_2px_rgb(var(--focus))]",
                  )}
                />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function withPicture(params: URLSearchParams, position: number): string {
  const next = new URLSearchParams(params);
  next.set("picture", String(position + 1));
  return next.toString();
}
