import { Eye, EyeOff } from "lucide-react";
import {
  useId,
  useState,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from "react";
import { useTranslations } from "use-intl";

import { classNames } from "./class-names.ts";
import { IconButton } from "./icon-button.tsx";

type Labelling = {
  readonly label: string;
  readonly hint?: ReactNode;
  /** One sentence on how to fix it; takes the place of the hint. */
  readonly error?: string | null | undefined;
  /** Says "optional" beside the label. */
  readonly optional?: boolean;
  readonly hideLabel?: boolean;
  /** 40 px high and 14 px text from tablets up, for staff pages. */
  readonly compact?: boolean;
  readonly className?: string | undefined;
};

type ControlAttributes = {
  readonly id: string;
  readonly "aria-invalid": true | undefined;
  readonly "aria-describedby": string | undefined;
};

/** Label above, control, then the hint or the error, tied together for assistive technology. */
export function Field({
  label,
  hint,
  error,
  optional = false,
  hideLabel = false,
  className,
  id: givenId,
  children,
}: Labelling & {
  readonly id?: string | undefined;
  readonly children: (attributes: ControlAttributes) => ReactNode;
}) {
  const t = useTranslations("ui");
  const ownId = useId();
  const id = givenId ?? ownId;
  const messageId = `${id}-message`;
  const hasError = error !== null && error !== undefined && error !== "";
  const hasMessage = hasError || (hint !== undefined && hint !== null);

  return (
    <div className={className}>
      <label
        htmlFor={id}
        className={classNames(
          hideLabel ? "sr-only" : "mb-1.5 block text-sm leading-[1.4] font-semibold",
        )}
      >
        {label}
        {optional && <span className="font-normal text-ink-3"> {t("optional")}</span>}
      </label>
      {children({
        id,
        "aria-invalid": hasError || undefined,
        "aria-describedby": hasMessage ? messageId : undefined,
      })}
      {hasMessage && (
        <p
          id={messageId}
          className={classNames("mt-1.5 text-xs", hasError ? "text-danger" : "text-ink-3")}
        >
          {hasError ? error : hint}
        </p>
      )}
    </div>
  );
}

type InputProps = Labelling & Omit<InputHTMLAttributes<HTMLInputElement>, "className">;

export function TextField(props: InputProps) {
  const { labelling, control, look } = split(props);
  return (
    <Field {...labelling} id={props.id}>
      {(attributes) => <input type="text" {...control} {...attributes} className={look} />}
    </Field>
  );
}

/** A password with a button to look at it; pasting is never blocked. */
export function PasswordField(props: Omit<InputProps, "type">) {
  const t = useTranslations("ui");
  const [visible, setVisible] = useState(false);
  const { labelling, control, look } = split(props);
  return (
    <Field {...labelling} id={props.id}>
      {(attributes) => (
        <div className="relative">
          <input
            {...control}
            {...attributes}
            type={visible ? "text" : "password"}
            className={classNames(look, "pr-12")}
          />
          <span className="absolute top-px right-0.5">
            <IconButton
              icon={visible ? EyeOff : Eye}
              label={visible ? t("hidePassword") : t("showPassword")}
              aria-pressed={visible}
              onClick={() => {
                setVisible(!visible);
              }}
            />
          </span>
        </div>
      )}
    </Field>
  );
}

export function TextareaField(
  props: Labelling & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "className">,
) {
  const { labelling, control, look } = split(props);
  return (
    <Field {...labelling} id={props.id}>
      {(attributes) => <textarea rows={4} {...control} {...attributes} className={look} />}
    </Field>
  );
}

/** Native, so that phones show their own list; desktop browsers that can style it do. */
export function SelectField(
  props: Labelling & Omit<SelectHTMLAttributes<HTMLSelectElement>, "className" | "multiple">,
) {
  const { labelling, control, look } = split(props);
  return (
    <Field {...labelling} id={props.id}>
      {(attributes) => (
        <select {...control} {...attributes} className={classNames(look, "select-control")} />
      )}
    </Field>
  );
}

function controlClass(compact: boolean | undefined): string {
  return classNames(
    "field-control",
    compact === true && "md:min-h-10 md:rounded-[9px] md:px-3 md:py-2 md:text-sm",
  );
}

function split<Props extends Labelling>(props: Props) {
  const { label, hint, error, optional, hideLabel, compact, className, ...control } = props;
  const labelling: Labelling = {
    label,
    hint,
    error,
    className,
    ...(optional === undefined ? {} : { optional }),
    ...(hideLabel === undefined ? {} : { hideLabel }),
  };
  return { labelling, control, look: controlClass(compact) };
}
