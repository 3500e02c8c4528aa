import { PackageOpen } from "lucide-react";
import { useState } from "react";

import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { ConnectionNotice } from "#app/components/ui/connection-banner.tsx";
import { Dialog } from "#app/components/ui/dialog.tsx";
import { Drawer } from "#app/components/ui/drawer.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Icon } from "#app/components/ui/icon.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { ToastProvider, useToast } from "#app/components/ui/toast.tsx";

import { Specimen, SpecimenSection } from "./specimen.tsx";

export function FeedbackSpecimens() {
  return (
    <SpecimenSection title="Feedback">
      <Specimen name="Toast, leaves after 6 s">
        <ToastProvider>
          <ToastButton />
        </ToastProvider>
      </Specimen>
      <Specimen name="Lost connection">
        <ConnectionNotice text="Reconnecting. What you see may be a moment old." />
      </Specimen>
      <Specimen name="Notices" wide>
        <div className="grid max-w-4xl gap-3 lg:grid-cols-2">
          <Notice title="Ember candle is now €19.">It was €24 when you added it.</Notice>
          <Notice tone="danger" title="The payment was declined.">
            Nothing was charged. Try again.
          </Notice>
          <Notice tone="success" title="Paid.">
            A receipt is on its way to you.
          </Notice>
          <Notice tone="warning" title="Only 1 left.">
            We changed your cart from 3 to 1.
          </Notice>
          <Notice tone="plain">These pieces are held for you for 14:52.</Notice>
        </div>
      </Specimen>
    </SpecimenSection>
  );
}

function ToastButton() {
  const showToast = useToast();
  return (
    <Button
      onClick={() => {
        showToast({
          text: "Pan No. 26 is in your cart",
          action: { label: "View", onSelect: () => undefined },
        });
      }}
    >
      Show a toast
    </Button>
  );
}

export function OverlaySpecimens() {
  const [dialogOpen, setDialogOpen] = useState(false);
  const [drawerOpen, setDrawerOpen] = useState(false);
  const closeDialog = () => {
    setDialogOpen(false);
  };
  const closeDrawer = () => {
    setDrawerOpen(false);
  };
  return (
    <SpecimenSection title="Dialog, drawer and empty state">
      <Specimen name="Dialog">
        <Button
          variant="danger"
          onClick={() => {
            setDialogOpen(true);
          }}
        >
          Cancel order
        </Button>
        <Dialog
          open={dialogOpen}
          onClose={closeDialog}
          title="Cancel order V-10482?"
          actions={
            <>
              <Button variant="quiet" onClick={closeDialog}>
                Keep order
              </Button>
              <Button variant="dangerSolid" onClick={closeDialog}>
                Cancel order
              </Button>
            </>
          }
        >
          €235.00 goes back to the card ending 5678. It takes one to three days to arrive.
        </Dialog>
      </Specimen>
      <Specimen name="Drawer">
        <Button
          onClick={() => {
            setDrawerOpen(true);
          }}
        >
          Open the cart
        </Button>
        <Drawer
          open={drawerOpen}
          onClose={closeDrawer}
          title="Cart"
          footer={
            <Button variant="primary" size="large" wide onClick={closeDrawer}>
              Check out
            </Button>
          }
        >
          <p className="py-4 text-ink-2">Pieces you add appear here, on all your devices.</p>
        </Drawer>
      </Specimen>
      <Specimen name="Empty state" wide>
        <div className="flex">
          <EmptyState
            headingLevel="h3"
            title="Your cart is empty"
            body="Pieces you add appear here, on all your devices."
            icon={<Icon as={PackageOpen} size={24} className="text-ink-3" />}
            action={<ButtonLink to="/dev/components">See new arrivals</ButtonLink>}
          />
        </div>
      </Specimen>
    </SpecimenSection>
  );
}
