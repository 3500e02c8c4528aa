import { Form, useNavigation } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { TextField } from "#app/components/ui/field.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";
import type { FormRefusal } from "#app/lib/forms.ts";
import {
  CONTACT_LIMITS,
  type ContactField,
  contactProblems,
  normalizeContact,
} from "#convex/domain/address.ts";

import { FormProblems } from "./form-problems.tsx";
import { useStepForm } from "./use-step-form.ts";

/** Who buys. Guests need no account; an account is offered when all is done. */
export function ContactForm({
  saved,
  isGuest,
  refusal,
}: {
  readonly saved: Readonly<Record<ContactField, string>>;
  readonly isGuest: boolean;
  readonly refusal: FormRefusal | null;
}) {
  const t = useTranslations("checkout");
  const isBusy = useNavigation().state === "submitting";
  const { formProps, field, problems, formMessage } = useStepForm<ContactField>("contact", {
    saved,
    refusal,
    check: (values) => contactProblems(normalizeContact(values)),
  });
  const signIn = `/sign-in?${new URLSearchParams({ redirectTo: "/checkout" }).toString()}`;
  return (
    <Form {...formProps} method="post" className="grid max-w-[33rem] gap-4.5">
      {isGuest && (
        <p className="text-sm text-ink-2">
          {t("contact.guest")}{" "}
          {t.rich("contact.haveAccount", {
            link: (chunks) => <TextLink to={signIn}>{chunks}</TextLink>,
          })}
        </p>
      )}
      <FormProblems
        problems={problems.map((problem) => ({
          ...problem,
          label: t(`contact.${problem.field}`),
        }))}
        message={formMessage}
      />
      <TextField
        {...field("email")}
        label={t("contact.email")}
        hint={t("contact.emailHint")}
        type="email"
        inputMode="email"
        autoComplete="email"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={CONTACT_LIMITS.email}
        required
      />
      <TextField
        {...field("name")}
        label={t("contact.name")}
        autoComplete="name"
        maxLength={CONTACT_LIMITS.name}
        required
      />
      <TextField
        {...field("phone")}
        label={t("contact.phone")}
        hint={t("contact.phoneHint")}
        optional
        type="tel"
        inputMode="tel"
        autoComplete="tel"
        maxLength={CONTACT_LIMITS.phone}
      />
      <Button type="submit" variant="primary" size="large" busy={isBusy}>
        {t("goOnTo.address")}
      </Button>
    </Form>
  );
}
