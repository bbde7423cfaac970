import { Button, Panel as Side } from "./Button";
import * as kit from "./Button";
export default function App() {
    return (
        <>
            <Side>
                {[1].map((n) => <Button key={n} label={"" + n} />)}
            </Side>
            <kit.Icon />
        </>
    );
}
