import { Form, useNavigation } from "@remix-run/react";
import { type ChangeEvent, useEffect, useState } from "react";
import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { SelectField, TextField } from "#app/components/ui/field.tsx";
import type { FormRefusal } from "#app/lib/forms.ts";
import {
  ADDRESS_LIMITS,
  type AddressField,
  addressProblems,
  needsRegion,
  normalizeAddress,
} from "#convex/domain/address.ts";

import { FormProblems } from "./form-problems.tsx";
import { useStepForm } from "./use-step-form.ts";

export type CountryName = { readonly code: string; readonly name: string };

/** Where the parcel goes. The region shows for the countries whose post needs it. */
export function AddressForm({
  saved,
  countries,
  refusal,
}: {
  readonly saved: Readonly<Record<AddressField, string>>;
  readonly countries: readonly CountryName[];
  readonly refusal: FormRefusal | null;
}) {
  const t = useTranslations("checkout");
  const isBusy = useNavigation().state === "submitting";
  const codes = countries.map(({ code }) => code);
  const { formProps, field, problems, formMessage } = useStepForm<AddressField>("address", {
    saved,
    refusal,
    check: (values) => addressProblems(normalizeAddress(values), codes),
  });
  const country = useCountry(field("country").defaultValue);
  const line2 = field("line2");
  return (
    <Form {...formProps} method="post" className="grid max-w-[33rem] gap-4.5">
      <FormProblems
        problems={problems.map((problem) => ({ ...problem, label: t(`address.${problem.field}`) }))}
        message={formMessage}
      />
      <TextField
        {...field("name")}
        label={t("address.name")}
        autoComplete="shipping name"
        maxLength={ADDRESS_LIMITS.name}
        required
      />
      <TextField
        {...field("line1")}
        label={t("address.line1")}
        autoComplete="shipping address-line1"
        maxLength={ADDRESS_LIMITS.line1}
        required
      />
      <details open={line2.defaultValue !== "" || line2.error !== null} className="group/line">
        <summary className="w-fit list-none py-1 text-sm font-medium underline decoration-ink/40 underline-offset-4 group-open/line:hidden hover:text-accent-text">
          {t("address.addLine2")}
        </summary>
        <TextField
          {...line2}
          label={t("address.line2")}
          optional
          autoComplete="shipping address-line2"
          maxLength={ADDRESS_LIMITS.line2}
        />
      </details>
      <div className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-4">
        <TextField
          {...field("postalCode")}
          label={t("address.postalCode")}
          autoComplete="shipping postal-code"
          maxLength={ADDRESS_LIMITS.postalCode}
          required
        />
        <TextField
          {...field("city")}
          label={t("address.city")}
          autoComplete="shipping address-level2"
          maxLength={ADDRESS_LIMITS.city}
          required
        />
      </div>
      <SelectField
        {...field("country")}
        label={t("address.country")}
        autoComplete="shipping country"
        onChange={country.choose}
        required
      >
        <option value="">{t("address.chooseCountry")}</option>
        {countries.map(({ code, name }) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </SelectField>
      {country.mayNeedRegion && (
        <TextField
          {...field("region")}
          label={t("address.region")}
          hint={t("address.regionHint")}
          autoComplete="shipping address-level1"
          maxLength={ADDRESS_LIMITS.region}
        />
      )}
      <Button type="submit" variant="primary" size="large" busy={isBusy}>
        {t("goOnTo.delivery")}
      </Button>
    </Form>
  );
}

/** Without scripts nobody knows which country is being chosen, so the region is always there. */
function useCountry(start: string) {
  const [country, setCountry] = useState(start);
  const [hydrated, setHydrated] = useState(false);
  useEffect(() => setHydrated(true), []);
  return {
    mayNeedRegion: !hydrated || needsRegion(country),
    choose: (event: ChangeEvent<HTMLSelectElement>) => setCountry(event.target.value),
  };
}
