import { Heart, ShoppingBag, Trash2 } from "lucide-react";
import { useState } from "react";

import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { Checkbox, Radio, RadioCard, Switch } from "#app/components/ui/choice.tsx";
import { PasswordField, SelectField, TextareaField, TextField } from "#app/components/ui/field.tsx";
import { FilterChip } from "#app/components/ui/filter-chip.tsx";
import { IconButton, IconLink } from "#app/components/ui/icon-button.tsx";
import { QuantityStepper } from "#app/components/ui/quantity-stepper.tsx";
import { Segmented } from "#app/components/ui/segmented.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";

import { Specimen, SpecimenSection } from "./specimen.tsx";

const here = "/dev/components";

export function ButtonSpecimens() {
  return (
    <SpecimenSection title="Button">
      <Specimen name="Primary">
        <Button variant="primary">Add to cart</Button>
      </Specimen>
      <Specimen name="Hover">
        <Button variant="primary" className="bg-accent-hover">
          Add to cart
        </Button>
      </Specimen>
      <Specimen name="Focus">
        <Button variant="primary" className="outline-2 outline-offset-2 outline-focus">
          Add to cart
        </Button>
      </Specimen>
      <Specimen name="Busy, width kept">
        <Button variant="primary" busy>
          Add to cart
        </Button>
      </Specimen>
      <Specimen name="Disabled">
        <Button variant="primary" disabled>
          Sold out
        </Button>
      </Specimen>
      <Specimen name="Secondary">
        <ButtonLink to={here}>View cart</ButtonLink>
      </Specimen>
      <Specimen name="Quiet">
        <Button variant="quiet">No thanks</Button>
      </Specimen>
      <Specimen name="Danger">
        <Button variant="danger">Cancel order</Button>
      </Specimen>
      <Specimen name="Danger, in a dialog">
        <Button variant="dangerSolid">Cancel order</Button>
      </Specimen>
      <Specimen name="Large, 54 px">
        <Button variant="primary" size="large">
          Check out
        </Button>
      </Specimen>
      <Specimen name="Small, 36 px">
        <Button size="small">Send again</Button>
      </Specimen>
      <Specimen name="Compact, with icon">
        <Button size="compact" icon={Trash2}>
          Remove
        </Button>
      </Specimen>
      <Specimen name="Icon">
        <IconButton icon={Heart} label="Save" filled />
      </Specimen>
      <Specimen name="Icon with count">
        <IconLink icon={ShoppingBag} label="Cart, 3 pieces" count={3} to={here} />
      </Specimen>
      <Specimen name="Icon, small">
        <IconButton icon={Trash2} label="Remove" size="small" />
      </Specimen>
      <Specimen name="Link in text">
        <TextLink to={here}>See everything</TextLink>
      </Specimen>
    </SpecimenSection>
  );
}

export function FieldSpecimens() {
  return (
    <SpecimenSection title="Field">
      <Specimen name="Default">
        <TextField label="Postcode" placeholder="2200" className="w-55" />
      </Specimen>
      <Specimen name="Hint, optional">
        <TextField label="Company" optional hint="Printed on the label" className="w-55" />
      </Specimen>
      <Specimen name="Error">
        <TextField
          label="Postcode"
          defaultValue="22"
          error="Four digits, for example 2200"
          className="w-55"
        />
      </Specimen>
      <Specimen name="Disabled">
        <TextField label="Postcode" defaultValue="2200" disabled className="w-55" />
      </Specimen>
      <Specimen name="Select">
        <SelectField label="Country" defaultValue="DK" className="w-55">
          <option value="DE">Germany</option>
          <option value="DK">Denmark</option>
          <option value="SE">Sweden</option>
        </SelectField>
      </Specimen>
      <Specimen name="Password">
        <PasswordField label="Password" defaultValue="corner table" className="w-55" />
      </Specimen>
      <Specimen name="Compact, for staff pages">
        <TextField label="Search products" compact className="w-55" />
      </Specimen>
      <Specimen name="Several lines">
        <TextareaField label="Note for the driver" optional rows={3} className="w-75" />
      </Specimen>
    </SpecimenSection>
  );
}

export function ChoiceSpecimens() {
  const [quantity, setQuantity] = useState(2);
  return (
    <SpecimenSection title="Choice">
      <Specimen name="Checkbox">
        <div>
          <Checkbox label="Cookware" defaultChecked />
          <Checkbox label="Storage" />
          <Checkbox label="Not to be had" disabled />
        </div>
      </Specimen>
      <Specimen name="Radio">
        <div>
          <Radio name="rating" label="Any rating" defaultChecked />
          <Radio name="rating" label="4.5 and up" aside="41" />
        </div>
      </Specimen>
      <Specimen name="Switch">
        <div className="grid gap-3">
          <Switch label="In stock now" defaultChecked />
          <Switch label="On sale" description="At least five per cent off" />
        </div>
      </Specimen>
      <Specimen name="Stepper, capped at 4">
        <QuantityStepper label="Quantity" value={quantity} max={4} onChange={setQuantity} />
      </Specimen>
      <Specimen name="Stepper, small">
        <QuantityStepper
          label="Quantity in a line"
          size="small"
          value={quantity}
          max={4}
          onChange={setQuantity}
        />
      </Specimen>
      <Specimen name="Stepper, disabled">
        <QuantityStepper
          label="Quantity, disabled"
          value={1}
          max={0}
          disabled
          onChange={setQuantity}
        />
      </Specimen>
      <Specimen name="Filter chip">
        <div className="flex gap-3">
          <FilterChip to={here} on={false} label="Cookware" />
          <FilterChip to={here} on label="Cookware" />
        </div>
      </Specimen>
      <Specimen name="Segmented">
        <Segmented
          label="View"
          segments={[
            { to: `${here}?view=board`, label: "Board", current: true },
            { to: `${here}?view=table`, label: "Table", current: false },
          ]}
        />
      </Specimen>
      <Specimen name="Radio card" wide>
        <fieldset className="grid max-w-xl gap-2.5">
          <legend className="sr-only">Delivery</legend>
          <RadioCard
            name="delivery"
            value="standard"
            defaultChecked
            label="Standard"
            description="Two to four working days"
            aside="€4.90"
          />
          <RadioCard
            name="delivery"
            value="express"
            label="Express"
            description="Tomorrow before noon"
            aside="€12.90"
          />
        </fieldset>
      </Specimen>
    </SpecimenSection>
  );
}
