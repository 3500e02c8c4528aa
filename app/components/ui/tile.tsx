import type { ReactNode } from "react";

import { classNames } from "./class-names.ts";
import { Picture, type PictureSource } from "./picture.tsx";

export type Tint = "sand" | "clay" | "rose" | "butter" | "sage" | "mist" | "lilac" | "stone";

export const tintClass: Record<Tint, string> = {
  sand: "bg-tint-sand",
  clay: "bg-tint-clay",
  rose: "bg-tint-rose",
  butter: "bg-tint-butter",
  sage: "bg-tint-sage",
  mist: "bg-tint-mist",
  lilac: "bg-tint-lilac",
  stone: "bg-tint-stone",
};

type TileProps = {
  readonly tint: Tint;
  /** Null leaves the tinted tile empty. */
  readonly picture: PictureSource | null;
  /** The `sizes` of the art itself, not of the tile. */
  readonly sizes: string;
  /** For art that names itself beside the tile: the picture is then decorative. */
  readonly decorative?: boolean;
  readonly priority?: boolean;
  readonly ground?: boolean;
  readonly className?: string | undefined;
  readonly artClassName?: string | undefined;
  readonly children?: ReactNode;
};

/** Product art on its tint, standing on a soft ground shadow. */
export function Tile({
  tint,
  picture,
  sizes,
  decorative = false,
  priority = false,
  ground = true,
  className,
  artClassName,
  children,
}: TileProps) {
  return (
    <div
      className={classNames(
        "tile",
        ground && picture !== null && "tile-ground",
        tintClass[tint],
        className,
      )}
    >
      {picture && (
        <Picture
          source={decorative ? { ...picture, alt: "" } : picture}
          sizes={sizes}
          priority={priority}
          className={classNames("tile-art", artClassName)}
        />
      )}
      {children}
    </div>
  );
}

/** A small flat tile beside a name: cart lines, tables, suggestions. */
export function Thumb({
  tint,
  picture,
  size = 64,
  className,
  children,
}: {
  readonly tint: Tint;
  readonly picture: PictureSource | null;
  readonly size?: 36 | 44 | 56 | 64 | 80 | 88 | 112;
  readonly className?: string | undefined;
  readonly children?: ReactNode;
}) {
  return (
    <Tile
      tint={tint}
      picture={picture}
      sizes={`${Math.round(size * 0.66)}px`}
      decorative
      ground={false}
      className={classNames("shrink-0 [--art:66%]", thumbClass[size], className)}
    >
      {children}
    </Tile>
  );
}

const thumbClass = {
  36: "size-9 rounded-[8px]",
  44: "size-11 rounded-md",
  56: "size-14 rounded-thumb",
  64: "size-16 rounded-thumb",
  80: "size-20 rounded-[14px]",
  88: "size-22 rounded-[14px]",
  112: "size-28 rounded-[16px]",
};
