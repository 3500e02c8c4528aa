import { classNames } from "./class-names.ts";

export type PictureSource = {
  readonly url: string;
  readonly alt: string;
  readonly width: number;
  readonly height: number;
};

/** The widths that the image route makes; others are refused there. */
export const pictureWidths = [320, 640, 1200] as const;

type PictureProps = {
  readonly source: PictureSource;
  readonly sizes: string;
  /** For what is seen first: fetched at once and before other pictures. */
  readonly priority?: boolean;
  readonly className?: string | undefined;
};

/** AVIF with WebP behind it, at fixed width and height so that nothing jumps. */
export function Picture({ source, sizes, priority = false, className }: PictureProps) {
  const id = storageId(source.url);
  const image = (
    <img
      src={id === null ? source.url : imageUrl(id, 640, "webp")}
      alt={source.alt}
      width={source.width}
      height={source.height}
      sizes={sizes}
      loading={priority ? "eager" : "lazy"}
      decoding={priority ? "auto" : "async"}
      className={classNames("object-contain", className)}
      // React 18 knows the attribute only in its HTML spelling.
      {...(priority ? { fetchpriority: "high" } : {})}
    />
  );
  if (id === null) return image;
  return (
    <picture className="contents">
      <source className="hidden" type="image/avif" srcSet={sourceSet(id, "avif")} sizes={sizes} />
      <source className="hidden" type="image/webp" srcSet={sourceSet(id, "webp")} sizes={sizes} />
      {image}
    </picture>
  );
}

/** The address of one size of a stored picture, for links and metadata. Null for other pictures. */
export function pictureUrl(url: string, width: (typeof pictureWidths)[number]): string | null {
  const id = storageId(url);
  return id === null ? null : imageUrl(id, width, "webp");
}

function sourceSet(id: string, format: "avif" | "webp"): string {
  return pictureWidths.map((width) => `${imageUrl(id, width, format)} ${width}w`).join(", ");
}

function imageUrl(id: string, width: number, format: "avif" | "webp"): string {
  return `/images/${id}?w=${width}&f=${format}`;
}

/** A storage address ends in `/api/storage/<id>`; fixtures and mail pictures do not. */
function storageId(url: string): string | null {
  return /\/api\/storage\/([\w-]+)$/u.exec(url)?.[1] ?? null;
}
