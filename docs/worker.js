/* Browsers start no worker from a folder: there the search runs in a frame of its own. As with a
 * worker, messages are copies, and come later. */
if (location.protocol === "file:")
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      this.frame = Object.assign(document.createElement("iframe"), { hidden: true });
      document.body.append(this.frame);
      const { contentWindow, contentDocument } = this.frame;
      contentDocument.write("<body></body>");
      contentDocument.close();
      contentWindow.postMessage = (data) => {
        const event = new MessageEvent("message", { data: structuredClone(data) });
        setTimeout(() => {
          this.dispatchEvent(event);
          this.onmessage?.(event);
        });
      };
      this.ready = new Promise((resolve) => {
        const script = contentDocument.createElement("script");
        Object.assign(script, { src: address, onload: resolve });
        contentDocument.body.append(script);
      });
    }

    postMessage(data) {
      const event = new MessageEvent("message", { data: structuredClone(data) });
      this.ready.then(() => this.frame.contentWindow?.dispatchEvent(event));
    }

    terminate() {
      this.frame.remove();
    }
  };
